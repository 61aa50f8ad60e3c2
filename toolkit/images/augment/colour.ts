/** Red, green, blue, 0..255. */
export type Colour = readonly [number, number, number];

export const BLACK: Colour = [0, 0, 0];

/** The bytes of a picture of one colour, [H,W,3]. */
export function filled(width: number, height: number, [red, green, blue]: Colour): Uint8Array {
  const data = new Uint8Array(width * height * 3);
  if (red === green && green === blue) return red === 0 ? data : data.fill(red);
  for (let i = 0; i < data.length; i += 3) {
    data[i] = red;
    data[i + 1] = green;
    data[i + 2] = blue;
  }
  return data;
}
