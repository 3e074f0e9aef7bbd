/** Filters in CQL2 text, as `items?filter=` takes them. */

/** A field's name, quoted so that none is taken for a word of the language. */
export function name(field: string): string {
  return `"${field.replaceAll('"', '""')}"`;
}

export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** Letters wherever they stand in the field, without regard to case and accents. */
export function contains(field: string, words: string): string {
  return like(field, `%${escaped(words)}%`);
}

export function startsWith(field: string, words: string): string {
  return like(field, `${escaped(words)}%`);
}

function like(field: string, pattern: string): string {
  return `CASEI(ACCENTI(${name(field)})) LIKE CASEI(ACCENTI(${text(pattern)}))`;
}

/** Wildcards of LIKE in the words stand for themselves. */
function escaped(words: string): string {
  return words.replaceAll('\\', '\\\\').replaceAll('%', '\\%').replaceAll('_', '\\_');
}

export function any(filters: readonly string[]): string {
  return filters.length === 1 ? filters[0]! : `(${filters.join(' OR ')})`;
}

export function all(filters: readonly string[]): string {
  return filters.join(' AND ');
}

/**
 * What somebody writes above a column: letters in a text, a number or `>= 1000`, `< 5`, `10..20` in a
 * number. `undefined` where it says nothing (yet).
 */
export function column(field: string, type: string | undefined, written: string): string | undefined {
  const words = written.trim();
  if (!words) return undefined;
  if (type === 'boolean') {
    const value = { oui: true, non: false, yes: true, no: false, true: true, false: false }[words.toLowerCase()];
    return value === undefined ? undefined : `${name(field)} = ${value ? 'TRUE' : 'FALSE'}`;
  }
  if (type !== 'integer' && type !== 'number') {
    return type === 'date' || type === 'date-time' ? day(field, type, words) : contains(field, words);
  }
  const digits = (text: string) => Number(text.replace(/\s/g, '').replace(',', '.'));
  const range = /^(-?[\d\s.,]+)\.\.\s*(-?[\d\s.,]+)$/.exec(words);
  if (range) {
    const [low, high] = [digits(range[1]!.replace(/\.$/, '')), digits(range[2]!)];
    return Number.isFinite(low + high) ? `${name(field)} BETWEEN ${low} AND ${high}` : undefined;
  }
  const compared = /^(<=|>=|<>|<|>|=|≤|≥)?\s*(-?[\d\s.,]+)$/.exec(words);
  const value = compared ? digits(compared[2]!) : NaN;
  if (!compared || !Number.isFinite(value)) return undefined;
  const sign = { '≤': '<=', '≥': '>=' }[compared[1] ?? ''] ?? compared[1] ?? '=';
  return `${name(field)} ${sign} ${value}`;
}

/** `2024`, `2024-05`, `>= 2024-05-12`. */
function day(field: string, type: string, words: string): string | undefined {
  const match = /^(<=|>=|<|>|=)?\s*(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(words);
  if (!match) return undefined;
  const [, sign, year, month, date] = match;
  const first = new Date(Date.UTC(Number(year), Number(month ?? 1) - 1, Number(date ?? 1)));
  const after = new Date(first);
  if (date) after.setUTCDate(after.getUTCDate() + 1);
  else if (month) after.setUTCMonth(after.getUTCMonth() + 1);
  else after.setUTCFullYear(after.getUTCFullYear() + 1);
  const literal = (at: Date) =>
    type === 'date' ? `DATE('${at.toISOString().slice(0, 10)}')` : `TIMESTAMP('${at.toISOString().slice(0, 19)}Z')`;
  const [from, to] = [literal(first), literal(after)];
  switch (sign) {
    case '<': return `${name(field)} < ${from}`;
    case '>=': return `${name(field)} >= ${from}`;
    case '<=': return `${name(field)} < ${to}`;
    case '>': return `${name(field)} >= ${to}`;
    default: return `${name(field)} >= ${from} AND ${name(field)} < ${to}`;
  }
}
