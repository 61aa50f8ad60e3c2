import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Camera } from "./camera.tsx";
import { ChooseFiles } from "./choose-files.tsx";
import { droppedFiles, isPhoto } from "./dropped-files.ts";
import type { ClassOf, Photo } from "./state.ts";
import type { Studio } from "./use-studio.ts";

export interface ClassCardProps {
  readonly own: ClassOf;
  readonly place: number;
  readonly studio: Studio;
  /** Whether there would be enough classes without it. */
  readonly canGo: boolean;
}

/** A class and its photos, which can be dropped on it. */
export function ClassCard({ own, place, studio, canGo }: ClassCardProps): JSX.Element {
  const { id, name, photos } = own;
  const [isOver, setOver] = useState(false);
  const [camera, setCamera] = useState(false);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    if (!event.dataTransfer) return;
    droppedFiles(event.dataTransfer).then(
      (placed) => studio.addPhotos(id, placed.map(({ file }) => file).filter(isPhoto)),
      studio.say,
    );
  };
  return (
    <div
      class={isOver ? "card class over" : "card class"}
      style={{ "--own": `var(--c${place % 8})` }}
      role="group"
      aria-label={`Class ${name}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <ClassHead own={own} place={place} studio={studio} canGo={canGo} />
      {photos.length === 0 ? (
        <p class="empty">Drop photos here</p>
      ) : (
        <Thumbs photos={photos} onRemove={(photo) => studio.removePhoto(id, photo)} />
      )}
      <div class="row">
        <ChooseFiles
          accept="image/*"
          label={`Choose photos for ${name}`}
          onFiles={(files) => void studio.addPhotos(id, files)}
        >
          Choose photos
        </ChooseFiles>
        <button
          type="button"
          class="button"
          aria-label={`Take photos for ${name} with the camera`}
          onClick={() => setCamera(true)}
        >
          Camera
        </button>
      </div>
      {camera && (
        <Camera
          title={`Photos of “${name}”`}
          onPhoto={(photo) => void studio.addPhotos(id, [photo])}
          onClose={() => setCamera(false)}
        />
      )}
    </div>
  );
}

function ClassHead({ own, place, studio, canGo }: ClassCardProps): JSX.Element {
  const { id, name, photos } = own;
  return (
    <div class="class-head">
      <input
        class="class-name"
        value={name}
        aria-label={`Name of class ${place + 1}`}
        onInput={({ currentTarget }) => studio.tell({ kind: "class-named", id, name: currentTarget.value })}
        onFocus={({ currentTarget }) => currentTarget.select()}
      />
      <span class="count">{photos.length === 1 ? "1 photo" : `${photos.length} photos`}</span>
      {canGo && (
        <button
          type="button"
          class="quiet"
          aria-label={`Remove the class ${name}`}
          onClick={() => studio.removeClass(id)}
        >
          ×
        </button>
      )}
    </div>
  );
}

/** Photos that a card shows before somebody asks for all. */
const SHOWN = 11;

interface ThumbsProps {
  readonly photos: readonly Photo[];
  readonly onRemove: (name: string) => void;
}

function Thumbs({ photos, onRemove }: ThumbsProps): JSX.Element {
  const [showsAll, setShowsAll] = useState(false);
  return (
    <ul class="thumbs">
      {(showsAll ? photos : photos.slice(0, SHOWN)).map(({ name, thumb }) => (
        <li key={name}>
          <img src={thumb} alt={name} />
          <button type="button" class="remove" aria-label={`Remove ${name}`} onClick={() => onRemove(name)}>
            ×
          </button>
        </li>
      ))}
      {photos.length > SHOWN && (
        <li class="more">
          <button
            type="button"
            class="quiet"
            aria-expanded={showsAll}
            aria-label={showsAll ? "Show fewer photos" : `Show ${photos.length - SHOWN} more photos`}
            onClick={() => setShowsAll(!showsAll)}
          >
            {showsAll ? "fewer" : `+${photos.length - SHOWN}`}
          </button>
        </li>
      )}
    </ul>
  );
}
