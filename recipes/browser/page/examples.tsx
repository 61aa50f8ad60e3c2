import type { JSX } from "preact";
import { ChooseFiles } from "./choose-files.tsx";
import { ClassCard } from "./class-card.tsx";
import { placedFiles } from "./dropped-files.ts";
import { Section } from "./section.tsx";
import type { State } from "./state.ts";
import type { Studio } from "./use-studio.ts";

export interface StepProps {
  readonly state: State;
  readonly studio: Studio;
}

const PICTURES = "image/*";

export function Examples({ state, studio }: StepProps): JSX.Element {
  const { classes, reading } = state;
  const isEmpty = classes.every(({ photos }) => photos.length === 0);
  return (
    <Section number={1} title="Show it examples" why={<Why />}>
      <p>
        Make a class for each kind of thing, and put at least ten photos of it in: drop them on the class, choose them,
        or take them with your camera.
      </p>
      <div class="classes">
        {classes.map((own, place) => (
          <ClassCard key={own.id} own={own} place={place} studio={studio} canGo={classes.length > 2} />
        ))}
        <button
          type="button"
          class="add-class"
          onClick={() => studio.tell({ kind: "class-added", names: [`Class ${classes.length + 1}`] })}
        >
          + Add a class
        </button>
      </div>
      <div class="row">
        <ChooseFiles
          accept={PICTURES}
          isFolder
          class="button"
          onFiles={(files) => void studio.addAnything(placedFiles(files))}
        >
          Choose a folder with a folder for each class
        </ChooseFiles>
        {isEmpty && (
          <button type="button" class="button" onClick={() => void studio.addSketches()}>
            No photos at hand? Use drawn shapes
          </button>
        )}
        <span role="status" class="faint">
          {reading > 0 ? `Reading ${reading} photo${reading === 1 ? "" : "s"} …` : ""}
        </span>
      </div>
    </Section>
  );
}

function Why(): JSX.Element {
  return (
    <>
      <p>
        A network learns from examples, as a child does: nobody tells it what a cat is, it is shown cats and things that
        are none. What differs between your classes by accident, such as the background or the light, it learns as well.
        So vary these: other places, angles, distances.
      </p>
      <p>
        A fifth of the photos is put aside. The network never learns from them; they are its exam, which says how well
        it will do on photos that it has not seen.
      </p>
    </>
  );
}
