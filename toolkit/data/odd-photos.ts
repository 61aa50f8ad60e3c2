import type { PictureFormat } from "../images/picture-facts.ts";

/** A photo that is read, though not as its name or its colours would have it. */
export interface OddPhoto {
  readonly id: string;
  /** Its content is of another format than its name says; its colours are CMYK; it holds more than one picture. */
  readonly kind: "format" | "cmyk" | "animated";
  /** What it is. */
  readonly format: PictureFormat;
}

const SHOWN = 3;

/** What is done with odd photos, as sentences without a full stop; empty where there are none. */
export function oddPhotoSummary(odd: readonly OddPhoto[]): readonly string[] {
  const of = (kind: OddPhoto["kind"]): readonly OddPhoto[] => odd.filter((photo) => photo.kind === kind);
  const [formats, cmyk, animated] = [of("format"), of("cmyk"), of("animated")];
  const plain = ({ id }: OddPhoto): string => `"${id}"`;
  return [
    ...told(formats, "not named as what it is", "not named as what they are", "read by content", (photo) => {
      return `"${photo.id}" is ${photo.format}`;
    }),
    ...told(cmyk, "in CMYK", "in CMYK", "read as RGB", plain),
    ...told(animated, "animated", "animated", "only the first picture is used", plain),
  ];
}

function told(
  photos: readonly OddPhoto[],
  one: string,
  many: string,
  done: string,
  text: (photo: OddPhoto) => string,
): readonly string[] {
  if (photos.length === 0) return [];
  const shown = photos.slice(0, SHOWN).map(text);
  const more = photos.length > SHOWN ? [`${photos.length - SHOWN} more`] : [];
  const subject = photos.length === 1 ? `1 photo is ${one}` : `${photos.length} photos are ${many}`;
  return [`${subject} (${[...shown, ...more].join("; ")}): ${done}`];
}
