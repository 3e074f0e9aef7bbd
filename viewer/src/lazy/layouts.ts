/** Width and height of the map on each sheet in millimetres, as the server lays it out. */
export const FRAMES: Record<string, readonly [number, number]> = {
  'a4-paysage': [200, 160],
  'a4-portrait': [190, 200],
  'a3-paysage': [320, 247],
  'a3-portrait': [277, 320],
};
