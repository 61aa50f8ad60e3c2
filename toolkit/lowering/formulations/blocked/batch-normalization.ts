import type { GraphBuilder } from "../../../graph/builder.ts";
import type { Value } from "../../../graph/ir.ts";
import { inverseDeviation } from "../../../operators/standardised.ts";
import type { Formulation, Site } from "../../formulation.ts";
import { blockOf, isBlockable } from "./blockable.ts";
import { channelMeans, channelProductMeans, scaleChannels } from "./per-channel.ts";

function isBlockedPicture(site: Site, picture: number): boolean {
  const type = site.type(picture);
  return isBlockable(type, blockOf(site)) && typeof type.shape[0] === "number";
}

/** Written alike by both directions, so that it is computed once. */
function centred(b: GraphBuilder, x: Value, mean: Value): Value {
  return scaleChannels(b, x, { shift: b.op("Neg", [mean]) });
}

/** Inputs x, scale, bias. The variance is that of the centred values: a mean of squares less a squared mean loses digits. */
const training: Formulation = {
  name: "batch-norm-training-blocked",
  serves: (site) => site.made(0) === "blocked" && isBlockedPicture(site, 0),
  write: (site) => {
    const { b, attrs } = site;
    const x = site.x(0, "blocked");
    const mean = channelMeans(b, x);
    const c = centred(b, x, mean);
    const variance = channelProductMeans(b, c, c);
    const factor = b.op("Mul", [site.x(1), inverseDeviation(b, variance, attrs.float("epsilon", 1e-5))]);
    const y = scaleChannels(b, c, { scale: factor, shift: site.x(2) });
    return [{ value: y, layout: "blocked" }, mean, variance];
  },
};

/**
 * Inputs dy, x, scale, mean, variance. With c = x - mean, r = 1 / sqrt(variance + epsilon), f = scale r and means over the batch:
 * dx = f dy - f mean(dy) - f r^2 mean(dy c) c, dscale = r sum(dy c), dbias = sum(dy).
 */
const gradient: Formulation = {
  name: "batch-norm-gradient-blocked",
  serves: (site) =>
    [site.made(0), site.made(1)].includes("blocked") && isBlockedPicture(site, 0) && isBlockedPicture(site, 1),
  write: (site) => {
    const { b, attrs } = site;
    const [dy, x] = [site.x(0, "blocked"), site.x(1, "blocked")];
    const [batch = 1, , height = 1, width = 1] = x.shape.map(Number);
    const count = b.scalar(batch * height * width);
    const c = centred(b, x, site.x(3));
    const inverse = inverseDeviation(b, site.x(4), attrs.float("epsilon", 1e-5));
    const [mean, along] = [channelMeans(b, dy), channelProductMeans(b, dy, c)];
    const factor = b.op("Mul", [site.x(2), inverse]);
    const slope = b.op("Mul", [b.op("Mul", [inverse, inverse]), along]);
    const shifted = scaleChannels(b, dy, { scale: factor, shift: b.op("Neg", [b.op("Mul", [factor, mean])]) });
    const dx = scaleChannels(b, c, { scale: b.op("Neg", [b.op("Mul", [factor, slope])]), sum: shifted });
    const dscale = b.op("Mul", [inverse, b.op("Mul", [along, count])]);
    return [{ value: dx, layout: "blocked" }, dscale, b.op("Mul", [mean, count])];
  },
};

export const batchNormTrainingForms: readonly Formulation[] = [training];
export const batchNormGradientForms: readonly Formulation[] = [gradient];
