import type { JSX, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** Milliseconds between two photos while the button is held. */
const PACE = 250;

export interface CameraProps {
  readonly title: string;
  readonly onPhoto: (photo: Blob) => void;
  readonly onClose: () => void;
}

/** A window with the camera's picture: a press takes a photo, holding the button takes several. */
export function Camera({ title, onPhoto, onClose }: CameraProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const { video, trouble } = useCamera();
  const [taken, setTaken] = useState(0);
  const holding = useRef<ReturnType<typeof setInterval>>(undefined);
  useEffect(() => {
    dialog.current?.showModal();
    return () => clearInterval(holding.current);
  }, []);
  const take = async (): Promise<void> => {
    const frame = video.current && frameOf(video.current);
    if (!frame) return;
    setTaken((n) => n + 1);
    onPhoto(await frame.convertToBlob({ type: "image/jpeg", quality: 0.92 }));
  };
  const hold = (): void => {
    void take();
    holding.current = setInterval(() => void take(), PACE);
  };
  const letGo = (): void => clearInterval(holding.current);
  return (
    <dialog ref={dialog} class="camera" aria-label={title} onClose={onClose}>
      <h3>{title}</h3>
      {trouble === undefined ? <video ref={video} autoPlay playsInline muted /> : <p class="trouble">{trouble}</p>}
      <p role="status" class="faint">
        {taken === 0 ? "Hold the button and turn the thing about." : `${taken} taken`}
      </p>
      <div class="row">
        <button
          type="button"
          class="button primary"
          disabled={trouble !== undefined}
          onPointerDown={hold}
          onPointerUp={letGo}
          onPointerLeave={letGo}
          onKeyDown={(event) => {
            if (event.key === "Enter" || event.key === " ") void take();
          }}
        >
          Take photos
        </button>
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          Done
        </button>
      </div>
    </dialog>
  );
}

export interface CameraPicture {
  readonly video: RefObject<HTMLVideoElement | null>;
  /** Why there is no picture. */
  readonly trouble: string | undefined;
}

/** The camera's picture in a video, for as long as it is shown. */
export function useCamera(): CameraPicture {
  const video = useRef<HTMLVideoElement>(null);
  const [trouble, setTrouble] = useState<string>();
  useEffect(() => {
    let stream: MediaStream | undefined;
    let isGone = false;
    const open = async (): Promise<void> => {
      try {
        const opened = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
        stream = opened;
        if (isGone) close(opened);
        else if (video.current) video.current.srcObject = opened;
      } catch (error) {
        setTrouble(cameraWords(error));
      }
    };
    void open();
    return () => {
      isGone = true;
      if (stream) close(stream);
    };
  }, []);
  return { video, trouble };
}

function close(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function cameraWords(error: unknown): string {
  const { name } = error as { name?: string };
  if (name === "NotAllowedError") return "This page may not use the camera. You can allow it beside the address.";
  if (name === "NotFoundError") return "There is no camera.";
  if (name === "NotReadableError") return "Another program is using the camera.";
  return "The camera cannot be used here.";
}

/** What the camera shows now; undefined where it shows nothing yet. */
export function frameOf(video: HTMLVideoElement): OffscreenCanvas | undefined {
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || video.videoWidth === 0) return undefined;
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  return canvas;
}
