/** Pictures for those who have no photos at hand: shapes of any colour, size and turn, on a ground of another colour. */
const SHAPES = ["circles", "triangles", "stars"] as const;
const SIDE = 160;

type Shape = (typeof SHAPES)[number];

/** So many files of each shape. */
export async function sketches(each: number): Promise<ReadonlyMap<Shape, readonly File[]>> {
  const made = new Map<Shape, readonly File[]>();
  for (const [kind, shape] of SHAPES.entries()) {
    const files = Array.from({ length: each }, (_, i) => sketch(shape, kind * 1000 + i));
    made.set(shape, await Promise.all(files));
  }
  return made;
}

async function sketch(shape: Shape, number: number): Promise<File> {
  const random = numbers(number);
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  const hue = 360 * random();
  context.fillStyle = `hsl(${hue} ${20 + 50 * random()}% ${60 + 30 * random()}%)`;
  context.fillRect(0, 0, SIDE, SIDE);
  context.translate(SIDE * (0.4 + 0.2 * random()), SIDE * (0.4 + 0.2 * random()));
  context.rotate(2 * Math.PI * random());
  context.scale(1, 0.8 + 0.4 * random());
  context.fillStyle = `hsl(${hue + 90 + 180 * random()} ${50 + 40 * random()}% ${20 + 30 * random()}%)`;
  outline(context, shape, SIDE * (0.2 + 0.16 * random()));
  context.fill();
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return new File([blob], `${shape}-${number}.png`, { type: "image/png" });
}

function outline(context: OffscreenCanvasRenderingContext2D, shape: Shape, radius: number): void {
  context.beginPath();
  if (shape === "circles") {
    context.arc(0, 0, radius, 0, 2 * Math.PI);
    return;
  }
  const corners = shape === "triangles" ? 3 : 10;
  for (let i = 0; i < corners; i++) {
    const reach = shape === "stars" && i % 2 === 1 ? radius * 0.45 : radius * 1.15;
    const angle = (2 * Math.PI * i) / corners;
    context.lineTo(reach * Math.cos(angle), reach * Math.sin(angle));
  }
  context.closePath();
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32, Tommy Ettinger). */
function numbers(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
