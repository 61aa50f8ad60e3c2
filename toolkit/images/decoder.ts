/** A decoded picture: 8-bit sRGB, rows from the top, three bytes a pixel. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** height * width * 3 bytes, [H,W,3]. */
  readonly data: Uint8Array;
}

export interface DecodeOptions {
  /** A picture whose shorter side is longer than this is reduced to it, aspect kept; none is enlarged. Full size where absent. */
  readonly minSidePx?: number;
  /** What errors call it; the path, or how many bytes it has, where absent. */
  readonly name?: string;
}

/** A picture inside another file, such as an archive: its encoded bytes as they stand there. */
export interface FilePart {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** An encoded picture: the path of its file, its bytes, or a part of a file. */
export type EncodedPicture = string | Uint8Array | FilePart;

/** Bytes or a file to pixels. The platform's own is handed in: see sharp.ts. */
export interface Decoder {
  /** Another text wherever the same bytes may become other pixels; without one no pixels are kept on disk. */
  readonly version?: string;
  /**
   * The first frame or page, turned upright, without alpha.
   * @throws E_IMAGE_READ (file), E_IMAGE_FORMAT (not an accepted format), E_IMAGE_DECODE (broken), E_IMAGE_TOO_LARGE, E_IMAGE_TIMEOUT
   */
  decode(source: EncodedPicture, options?: DecodeOptions): Promise<Pixels>;
}
