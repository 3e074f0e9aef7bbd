/**
 * Width and height of the map on each sheet in millimetres, as the server lays it out. Widths are exact;
 * heights are those below a title of one line, on upright sheets above a legend of middling length: the
 * server gives the map what title and legend leave.
 */
export const FRAMES: Record<string, readonly [number, number]> = {
  'a4-paysage': [209, 163],
  'a4-portrait': [188, 200],
  'a3-paysage': [312, 246],
  'a3-portrait': [275, 305],
};

/** The greatest height that the map may have on each sheet, mm. */
export const HIGHEST: Record<string, number> = {
  'a4-paysage': 172,
  'a4-portrait': 224,
  'a3-paysage': 258,
  'a3-portrait': 344,
};
