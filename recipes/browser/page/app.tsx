import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { AskWorker } from "./ask-worker.ts";
import { droppedFiles } from "./dropped-files.ts";
import { Examples } from "./examples.tsx";
import { Find } from "./find.tsx";
import { Keep } from "./keep.tsx";
import { Learn } from "./learn.tsx";
import { Messages } from "./messages.tsx";
import { Try } from "./try.tsx";
import { type Studio, useStudio } from "./use-studio.ts";

export interface AppProps {
  readonly ask: AskWorker;
  /** Where ONNX Runtime's own files are. */
  readonly files: string;
}

export function App({ ask, files }: AppProps): JSX.Element {
  const [state, studio] = useStudio(ask, files);
  const isOver = useDrop(studio);
  return (
    <div class={isOver ? "over" : ""}>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <header class="top">
        <div class="wrap">
          <p class="brand">
            <Mark /> onnx-graft
          </p>
          <h1>Teach a network your own pictures</h1>
          <p class="lead">
            Show it a few examples of each kind. In less than a minute it tells them apart, and you can take what it has
            learnt with you as one file.
          </p>
          <p class="promise">
            <Lock /> Everything happens in this tab. No photo leaves your device, and it works without a network, too.
          </p>
        </div>
      </header>
      <main id="main" class="wrap">
        <Examples state={state} studio={studio} />
        <Learn state={state} studio={studio} />
        <Try state={state} studio={studio} />
        <Keep state={state} studio={studio} />
        <Find state={state} studio={studio} />
      </main>
      <footer class="wrap">
        <p>
          onnx-graft writes forward pass, loss, backward pass and optimizer as one plain ONNX graph, which the stock
          ONNX Runtime runs here as it runs any other network.
        </p>
      </footer>
      <Messages messages={state.messages} tell={studio.tell} />
      {isOver && (
        <div class="drop-hint" aria-hidden="true">
          <p>Drop photos, folders (each becomes a class), or an ONNX network</p>
        </div>
      )}
    </div>
  );
}

/** Whether something is held over the page; what is dropped anywhere is taken in. */
function useDrop(studio: Studio): boolean {
  const [depth, setDepth] = useState(0);
  useEffect(() => {
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent): void => {
      if (hasFiles(event)) setDepth((n) => n + 1);
    };
    const leave = (event: DragEvent): void => {
      if (hasFiles(event)) setDepth((n) => Math.max(0, n - 1));
    };
    const over = (event: DragEvent): void => event.preventDefault();
    const drop = (event: DragEvent): void => {
      setDepth(0);
      // a class, or the place to try, has taken it
      if (event.defaultPrevented || !event.dataTransfer) return;
      event.preventDefault();
      droppedFiles(event.dataTransfer).then((placed) => studio.addAnything(placed), studio.say);
    };
    const listeners = { dragenter: enter, dragleave: leave, dragover: over, drop } as const;
    for (const [kind, listen] of Object.entries(listeners)) addEventListener(kind, listen as EventListener);
    return () => {
      for (const [kind, listen] of Object.entries(listeners)) removeEventListener(kind, listen as EventListener);
    };
  }, [studio]);
  return depth > 0;
}

function Mark(): JSX.Element {
  return (
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
      <circle cx="5" cy="6" r="3" fill="var(--c0)" />
      <circle cx="5" cy="18" r="3" fill="var(--c1)" />
      <circle cx="19" cy="12" r="3" fill="var(--c2)" />
      <path d="M7.7 7.2 16.3 11M7.7 16.8 16.3 13" stroke="currentColor" stroke-width="1.5" />
    </svg>
  );
}

function Lock(): JSX.Element {
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <path d="M4.5 7V5a3.5 3.5 0 0 1 7 0v2" fill="none" stroke="currentColor" stroke-width="1.5" />
      <rect x="3" y="7" width="10" height="7" rx="1.5" fill="currentColor" />
    </svg>
  );
}
