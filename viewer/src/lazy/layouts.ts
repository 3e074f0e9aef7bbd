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
