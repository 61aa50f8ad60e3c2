import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Seen } from "../calls.ts";
import { frameOf, useCamera } from "./camera.tsx";
import { ChooseFiles } from "./choose-files.tsx";
import { droppedFiles, isPhoto } from "./dropped-files.ts";
import type { StepProps } from "./examples.tsx";
import { Heat } from "./heat.tsx";
import { Section } from "./section.tsx";
import type { Studio } from "./use-studio.ts";
import { fileWords } from "./words.ts";

export function Try({ state, studio }: StepProps): JSX.Element {
  const { ready, training } = state;
  const [photo, setPhoto] = useState<File>();
  const [isLive, setLive] = useState(false);
  const [withHeat, setWithHeat] = useState(true);
  const canTry = ready !== undefined && training === undefined;
  const choose = (files: readonly File[]): void => {
    const first = files.find(isPhoto);
    if (!first) return;
    setLive(false);
    setPhoto(first);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    if (event.dataTransfer) {
      droppedFiles(event.dataTransfer).then((placed) => choose(placed.map(({ file }) => file)), studio.say);
    }
  };
  return (
    <Section number={3} title="Try it" why={<Why />} isWaiting={!ready}>
      {ready ? (
        <div class="card" onDrop={canTry ? drop : undefined}>
          <div class="row">
            <ChooseFiles accept="image/*" isOne disabled={!canTry} label="Choose a photo to try" onFiles={choose}>
              Choose a photo
            </ChooseFiles>
            <button type="button" class="button" disabled={!canTry} onClick={() => setLive(!isLive)}>
              {isLive ? "Stop the camera" : "Camera"}
            </button>
            <label class="check">
              <input
                type="checkbox"
                checked={withHeat}
                onChange={({ currentTarget }) => setWithHeat(currentTarget.checked)}
              />
              Show where it looks
            </label>
          </div>
          {isLive && canTry && <Live studio={studio} withHeat={withHeat} classes={ready.classes} />}
          {!isLive && photo && canTry && (
            <OnePhoto key={ready.number} photo={photo} studio={studio} withHeat={withHeat} classes={ready.classes} />
          )}
          {!isLive && !photo && <p class="empty">Drop a photo here that it has not seen yet.</p>}
        </div>
      ) : (
        <p class="faint">Once it has learnt, show it new photos here, or hold things in front of your camera.</p>
      )}
    </Section>
  );
}

interface LookProps {
  readonly studio: Studio;
  readonly withHeat: boolean;
  readonly classes: readonly string[];
}

function OnePhoto({ photo, studio, withHeat, classes }: LookProps & { readonly photo: File }): JSX.Element {
  const [seen, setSeen] = useState<Seen>();
  const [trouble, setTrouble] = useState<string>();
  const [of, setOf] = useState<string>();
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const address = URL.createObjectURL(photo);
    setUrl(address);
    setOf(undefined);
    return () => URL.revokeObjectURL(address);
  }, [photo]);
  useEffect(() => {
    let isOld = false;
    setTrouble(undefined);
    studio.ask("look", { photo, withHeat, ...(of === undefined ? {} : { of }) }).then(
      (answer) => !isOld && setSeen(answer),
      (error: unknown) => !isOld && setTrouble(fileWords(photo.name, error)),
    );
    return () => {
      isOld = true;
    };
  }, [photo, withHeat, of, studio]);
  if (trouble !== undefined) return <p class="trouble">{trouble}</p>;
  return (
    <div class="look">
      <div class="view">
        {url !== undefined && <img src={url} alt={photo.name} style={{ "--share": String(seen?.share ?? 1) }} />}
        {seen?.heat && <Heat {...seen.heat} />}
      </div>
      <Answer seen={seen} classes={classes} of={of} onOf={withHeat ? setOf : undefined} />
    </div>
  );
}

/** Pause between two looks at the camera's picture, in milliseconds, so that the page is not busy with it alone. */
const PAUSE = 60;

function Live({ studio, withHeat, classes }: LookProps): JSX.Element {
  const { video, trouble } = useCamera();
  const [seen, setSeen] = useState<Seen>();
  const wantsHeat = useRef(withHeat);
  wantsHeat.current = withHeat;
  useEffect(() => {
    const shown = new AbortController();
    const look = async (): Promise<void> => {
      while (!shown.signal.aborted) {
        const photo = video.current && frameOf(video.current)?.transferToImageBitmap();
        if (photo) {
          const answer = await studio.ask("look", { photo, withHeat: wantsHeat.current });
          if (!shown.signal.aborted) setSeen(answer);
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    };
    look().catch((error: unknown) => !shown.signal.aborted && studio.say(error));
    return () => shown.abort();
  }, [studio, video]);
  if (trouble !== undefined) return <p class="trouble">{trouble}</p>;
  return (
    <div class="look">
      <div class="view">
        <video ref={video} autoPlay playsInline muted style={{ "--share": String(seen?.share ?? 1) }} />
        {seen?.heat && <Heat {...seen.heat} />}
      </div>
      <Answer seen={seen} classes={classes} of={undefined} onOf={undefined} />
    </div>
  );
}

interface AnswerProps {
  readonly seen: Seen | undefined;
  readonly classes: readonly string[];
  /** The class whose places are shown, where it is not the likeliest. */
  readonly of: string | undefined;
  readonly onOf: ((label: string) => void) | undefined;
}

function Answer({ seen, classes, of, onOf }: AnswerProps): JSX.Element {
  if (!seen) return <p class="faint">Looking …</p>;
  const [first] = seen.labels;
  return (
    <div class="answer">
      <p class="says" role="status">
        <span class="faint">It sees</span> {first?.label}{" "}
        <span class="faint">{Math.round((first?.weight ?? 0) * 100)} %</span>
      </p>
      <ul class="bars">
        {seen.labels.slice(0, 8).map(({ label, weight }) => {
          const percent = `${(weight * 100).toFixed(weight > 0.995 || weight < 0.005 ? 0 : 1)} %`;
          return (
            <li key={label} style={{ "--own": `var(--c${classes.indexOf(label) % 8})`, "--weight": String(weight) }}>
              <span class="bar-name">{label}</span>
              <span class="bar" aria-hidden="true" />
              <span class="bar-value">{percent}</span>
              {onOf && (
                <button
                  type="button"
                  class="quiet"
                  aria-label={`Show what speaks for ${label}`}
                  aria-pressed={(of ?? first?.label) === label}
                  onClick={() => onOf(label)}
                >
                  ◉
                </button>
              )}
            </li>
          );
        })}
      </ul>
      <p class="faint">{Math.round(seen.milliseconds)} ms</p>
    </div>
  );
}

function Why(): JSX.Element {
  return (
    <>
      <p>
        The numbers always add up to 100 %: the network knows your classes and nothing else, and will take a teapot for
        one of them. A class such as “something else” helps.
      </p>
      <p>
        The bright places are those whose content speaks for the class (Grad-CAM: the maps of the last convolution, each
        weighed by how much it would raise the class's score). If they lie on the background, it has learnt the wrong
        thing. The map is coarse: 4 × 4 places at the size that this network sees.
      </p>
    </>
  );
}
