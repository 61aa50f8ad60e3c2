/** What is done to a picture after it was cropped, by name. */
export type StepName =
  | "flip-horizontal"
  | "flip-vertical"
  | "rotate"
  | "affine"
  | "perspective"
  | "color-jitter"
  | "grayscale"
  | "blur"
  | "noise"
  | "sharpness"
  | "posterize"
  | "solarize"
  | "equalize"
  | "autocontrast"
  | "invert"
  | "cutout"
  | "erase"
  | "rand-augment"
  | "trivial-augment"
  | "aug-mix";

/** Settings of all steps; each takes some of them: `stepDefaults` says which. Where two bound a range, a number between them is drawn. */
export interface StepOptions {
  /** Largest angle to either side. */
  readonly degrees?: number;
  /** Largest move in each direction, as a share of the side. */
  readonly translate?: number;
  readonly minScale?: number;
  readonly maxScale?: number;
  /** Largest slant along x to either side, in degrees. */
  readonly shear?: number;
  /** Largest move of a corner towards the middle, as a share of the way there. */
  readonly distortion?: number;
  /** How far the factor may lie from 1. */
  readonly brightness?: number;
  readonly contrast?: number;
  readonly saturation?: number;
  /** Largest turn to either side, as a share of the circle. */
  readonly hue?: number;
  /** How far the factor of sharpness may lie from 1. */
  readonly amount?: number;
  /** Standard deviation of the blur in pixels. */
  readonly minSigma?: number;
  readonly maxSigma?: number;
  /** Standard deviation of the noise, as a share of the full range. */
  readonly sigma?: number;
  /** Bits that are kept of each level. */
  readonly bits?: number;
  /** Level from which on the picture is inverted. */
  readonly threshold?: number;
  /** Side of the square that is cut out, as a share of the shorter side. */
  readonly side?: number;
  /** Share of the picture that is erased, and its height divided by its width. */
  readonly minArea?: number;
  readonly maxArea?: number;
  readonly minRatio?: number;
  readonly maxRatio?: number;
  /** Whether random bytes take the place of `fill`. */
  readonly noise?: boolean;
  /** What is shown where nothing is left of the picture: a level 0..255, or red, green and blue. */
  readonly fill?: number | readonly number[];
  readonly interpolation?: "nearest" | "bilinear";
  /** Operations that are applied one after another. */
  readonly operations?: number;
  /** How strong they are: a number of one of the `bins`, from 0. */
  readonly magnitude?: number;
  readonly bins?: number;
  /** Strongest of ten bins that is drawn from. */
  readonly severity?: number;
  /** Chains that are mixed. */
  readonly width?: number;
  /** Operations of a chain; 1 to 3, drawn, where 0. */
  readonly depth?: number;
  /** How even the shares of the chains are (Dirichlet's parameter). */
  readonly alpha?: number;
  /** Whether brightness, contrast, saturation and sharpness are among the operations. */
  readonly allOperations?: boolean;
}

/** A step as plain data: it crosses to other processes and stands in configuration files. */
export interface AugmentStep extends StepOptions {
  readonly name: StepName;
  /** How often it is done; what `stepDefaults` says where absent. */
  readonly probability?: number;
}

/** The next of a step's random numbers in [0, 1). */
export type Roll = () => number;
