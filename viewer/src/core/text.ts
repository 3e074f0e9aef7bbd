/** Words in the page's language, beside where they are used; numbers and dates as that language writes them. */

let language = 'fr';

export function setLanguage(code: string): void {
  language = code;
}

export function pageLanguage(): string {
  return language;
}

export function tr(french: string, english: string): string {
  return language === 'fr' ? french : english;
}

export function number(value: number, digits?: number | null): string {
  const options = digits == null ? { maximumFractionDigits: 6 } : { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, options).format(value);
}

/** `2 objets`; in French 0 and 1 are singular, in English 1 alone is. */
export function counted(count: number, french: string, english: string): string {
  const isMany = language === 'fr' ? Math.abs(count) >= 2 : count !== 1;
  return `${number(count)} ${tr(french, english)}${isMany ? 's' : ''}`;
}

export function scaleText(scale: number): string {
  return `1:${number(Math.round(scale), 0)}`;
}

export function date(text: string): string {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? text : at.toLocaleDateString(language, { dateStyle: 'long', timeZone: 'UTC' });
}

/** A value as a person reads it; empty where there is none. */
export function value(raw: unknown, field: { unit?: string | null; decimals?: number | null; type?: string } = {}): string {
  if (raw === null || raw === undefined || raw === '') return '';
  const unit = field.unit ? ` ${field.unit}` : '';
  if (typeof raw === 'number') {
    // a whole number of four digits without a unit may be a year or a code
    const isCode = field.type === 'text';
    return (isCode ? String(raw) : number(raw, field.decimals)) + unit;
  }
  if (typeof raw === 'boolean') return raw ? tr('oui', 'yes') : tr('non', 'no');
  if (typeof raw === 'object') return JSON.stringify(raw);
  const text = String(raw);
  if (field.type === 'date' || field.type === 'date-time') {
    return /^\d{4}-\d{2}-\d{2}(T00:00:00Z)?$/.test(text) ? date(text) : text;
  }
  return text + unit;
}

/** `{nom}` of a template, filled in. */
export function filled(template: string, values: Record<string, unknown>): string {
  return template.replace(/\{([^{}]+)\}/g, (_, key: string) => value(values[key])).trim();
}

export function lengthText(metres: number): string {
  if (metres < 1000) return `${number(metres, metres < 100 ? 1 : 0)} m`;
  return `${number(metres / 1000, metres < 100_000 ? 2 : 1)} km`;
}

export function areaText(square: number): string {
  if (square < 10_000) return `${number(square, 0)} m²`;
  if (square < 1_000_000) return `${number(square / 10_000, 2)} ha`;
  return `${number(square / 1_000_000, square < 1e8 ? 2 : 0)} km²`;
}
