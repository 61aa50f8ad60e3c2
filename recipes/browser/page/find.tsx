import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ChooseFiles } from "./choose-files.tsx";
import { isPhoto } from "./dropped-files.ts";
import type { StepProps } from "./examples.tsx";
import { Search } from "./search.tsx";
import { Section } from "./section.tsx";

export function Find({ state, studio }: StepProps): JSX.Element {
  const { ready, album, training } = state;
  const [progress, setProgress] = useState<string>();
  const isEmpty = !album || album.photos === 0;
  const keep = async (files: readonly File[]): Promise<void> => {
    const photos = files.filter(isPhoto);
    if (photos.length === 0) return;
    try {
      setProgress("Getting ready");
      const { failed } = await studio.ask("keep", { files: photos }, ({ done, total }) =>
        setProgress(`Labelling: ${done} of ${total}`),
      );
      if (failed.length > 0) {
        const text = `${failed.length} file${failed.length === 1 ? "" : "s"} could not be read and stayed out.`;
        studio.tell({ kind: "said", message: { kind: "trouble", text, hint: failed.slice(0, 5).join(", ") } });
      }
    } catch (error) {
      studio.say(error);
    }
    setProgress(undefined);
    await studio.readAlbum();
  };
  const isBusy = progress !== undefined || training !== undefined;
  return (
    <Section number={5} title="Find photos with it" why={<Why />} isWaiting={!ready && isEmpty}>
      {!ready && isEmpty && (
        <p class="faint">
          Once it has learnt, it can label a whole collection, which you search by what is on the photos.
        </p>
      )}
      {(ready || !isEmpty) && (
        <div class="card">
          <div class="row">
            <ChooseFiles
              accept="image/*"
              isFolder
              disabled={!ready || isBusy}
              label="Choose a folder to label"
              onFiles={(files) => void keep(files)}
            >
              Label a folder
            </ChooseFiles>
            <ChooseFiles
              accept="image/*"
              disabled={!ready || isBusy}
              label="Choose photos to label"
              onFiles={(files) => void keep(files)}
            >
              Label photos
            </ChooseFiles>
            <span role="status" class="faint">
              {progress ?? (album ? `${album.photos} photo${album.photos === 1 ? "" : "s"} labelled` : "")}
            </span>
            {!isEmpty && (
              <button
                type="button"
                class="quiet end"
                disabled={isBusy}
                onClick={() => void studio.ask("forget", {}).then(() => studio.readAlbum(), studio.say)}
              >
                Forget them all
              </button>
            )}
          </div>
          {!isEmpty && album && <Search studio={studio} labels={album.labels.map(({ label }) => label)} />}
        </div>
      )}
    </Section>
  );
}

function Why(): JSX.Element {
  return (
    <p>
      The labels, and a small picture of each photo, are kept in this browser until you tell it to forget them. A query
      combines labels with AND, OR, NOT and brackets; “cat &gt; 0.8” asks for photos that it is sure of. The toolkit's
      command line and its library speak the same language.
    </p>
  );
}
