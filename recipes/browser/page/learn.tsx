import type { JSX } from "preact";
import type { Depth, DeviceWish, Network } from "../calls.ts";
import { Chart } from "./chart.tsx";
import { ChooseFiles } from "./choose-files.tsx";
import type { StepProps } from "./examples.tsx";
import { Grades } from "./grades.tsx";
import { Section } from "./section.tsx";
import { type State, type Training, whyNot } from "./state.ts";
import type { Studio } from "./use-studio.ts";

export function Learn({ state, studio }: StepProps): JSX.Element {
  const { training, taught, rounded, classes } = state;
  const obstacle = whyNot(state);
  const photos = classes.reduce((sum, own) => sum + own.photos.length, 0);
  const rounds = training?.rounds ?? rounded;
  return (
    <Section number={2} title="Let it learn" why={<Why />}>
      <div class="learn">
        <div class="card">
          <HowDeep state={state} studio={studio} />
          <div class="row">
            {training ? (
              <button type="button" class="button" disabled={training.isStopping} onClick={() => studio.stop()}>
                {training.isStopping ? "Stopping …" : "Stop here"}
              </button>
            ) : (
              <button
                type="button"
                class="button primary"
                disabled={obstacle !== undefined}
                aria-describedby="obstacle"
                onClick={() => void studio.train()}
              >
                {taught ? "Train again" : "Train"}
              </button>
            )}
            <span id="obstacle" class="faint">
              {training ? "" : (obstacle ?? `${photos} photos in ${classes.length} classes`)}
            </span>
          </div>
          {training && <Doing training={training} />}
          <Workplace state={state} studio={studio} />
        </div>
        <div class="card">
          {rounds.length > 0 ? (
            <Chart rounds={rounds} of={training?.of ?? rounds.length} />
          ) : (
            <p class="empty">While it learns, you see here how many photos it gets right.</p>
          )}
        </div>
      </div>
      {taught && <Grades taught={taught} classes={classes} />}
    </Section>
  );
}

const DEPTHS: readonly { readonly depth: Depth; readonly name: string; readonly what: string }[] = [
  {
    depth: "quick",
    name: "Quick",
    what: "Only its last layer learns: seconds, and right for most things.",
  },
  {
    depth: "staged",
    name: "Thorough",
    what: "Then all layers learn a little, too: better where your pictures are unlike photos. Wants a graphics card.",
  },
  {
    depth: "full",
    name: "All layers at once",
    what: "For experiments. Wants a graphics card and many photos.",
  },
];

function HowDeep({ state, studio }: StepProps): JSX.Element {
  const { depth, rounds, training, device } = state;
  const isSlow = depth !== "quick" && device?.provider === "wasm";
  return (
    <fieldset disabled={training !== undefined}>
      <legend>How much of it should learn?</legend>
      {DEPTHS.map(({ depth: own, name, what }) => (
        <label key={own} class="choice">
          <input
            type="radio"
            name="depth"
            value={own}
            checked={depth === own}
            onChange={() => studio.tell({ kind: "depth", depth: own })}
          />
          <span>
            <b>{name}</b> <span class="faint">{what}</span>
          </span>
        </label>
      ))}
      {isSlow && (
        <p class="note">
          Without a graphics card this takes minutes for a few dozen photos. You can stop at any time and keep what it
          has learnt so far.
        </p>
      )}
      <label class="number-field">
        Rounds through all photos
        <input
          type="number"
          min={1}
          max={200}
          value={rounds[depth]}
          onChange={({ currentTarget }) => {
            const wanted = Math.round(Number(currentTarget.value));
            studio.tell({ kind: "rounds", rounds: Math.min(200, Math.max(1, wanted || 1)) });
          }}
        />
      </label>
    </fieldset>
  );
}

function Doing({ training: { doing, share } }: { readonly training: Training }): JSX.Element {
  return (
    <div class="doing">
      <p role="status">{doing}</p>
      <progress aria-label={doing} max={1} {...(share === undefined ? {} : { value: share })} />
    </div>
  );
}

/** Which network learns, and what computes. */
function Workplace({ state, studio }: { readonly state: State; readonly studio: Studio }): JSX.Element {
  const { device, network, wish, training } = state;
  const computes = device?.provider === "webgpu" ? `your graphics card (${device.name})` : "your processor";
  return (
    <details class="workplace">
      <summary>
        {network ? networkWords(network) : "Loading the network …"}; {device ? `computes on ${computes}` : "starting …"}
      </summary>
      <p>
        The network that comes with this page is a ResNet18 that has looked at 100,000 pictures of 200 kinds. You can
        bring another one along as an ONNX file: drop it anywhere on the page.
      </p>
      <div class="row">
        <ChooseFiles accept=".onnx" isOne onFiles={([file]) => file && void studio.useNetwork(file)}>
          Choose another network
        </ChooseFiles>
        {network && network.name !== "bundled" && (
          <button type="button" class="button" onClick={() => void studio.useNetwork()}>
            Back to the one of this page
          </button>
        )}
      </div>
      <label class="select-field">
        Compute on
        <select
          value={wish}
          disabled={training !== undefined}
          onChange={({ currentTarget }) => void studio.useDevice(currentTarget.value as DeviceWish)}
        >
          <option value="auto">what is fastest here</option>
          <option value="webgpu">the graphics card (WebGPU)</option>
          <option value="wasm">the processor (WebAssembly)</option>
        </select>
      </label>
      {device && (
        <p class="faint">
          Now: {device.provider === "webgpu" ? "graphics card" : "processor"}, {device.name}
          {device.factor === undefined ? "" : `, ${device.factor.toFixed(1)} times as fast as the processor`}
          {device.why === undefined ? "." : `, because ${device.why}.`}
        </p>
      )}
    </details>
  );
}

function networkWords({ name, millions, sizePx }: Network): string {
  const called = name === "bundled" ? "ResNet18" : name;
  return `${called}, ${millions.toFixed(1)} million weights, sees ${sizePx} × ${sizePx} pixels`;
}

function Why(): JSX.Element {
  return (
    <>
      <p>
        The network has already learnt from many pictures to see edges, fur, leaves and much else. What it does not know
        is your classes. So its last layer is taken off and replaced by a new one, which begins with random numbers.
      </p>
      <p>
        In each round the network guesses at all photos. From every guess it is computed how each number would have had
        to be a little different for the guess to be better (this is the gradient), and all of them are moved a little
        that way. The curve shows how many photos it gets right: of those that it learns from, and of those put aside.
        If the first one rises while the second does not, it learns your photos by heart; more different photos help.
      </p>
    </>
  );
}
