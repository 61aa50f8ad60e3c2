import type { JSX } from "preact";
import type { Action, Message } from "./state.ts";

export interface MessagesProps {
  readonly messages: readonly Message[];
  readonly tell: (action: Action) => void;
}

/** What went wrong, where everybody sees it until they have read it. */
export function Messages({ messages, tell }: MessagesProps): JSX.Element {
  return (
    <div class="messages" role="region" aria-label="Messages" aria-live="polite">
      {messages.slice(-3).map(({ id, kind, text, hint }) => (
        <div key={id} class={`message ${kind}`}>
          <div>
            <p>{text}</p>
            {hint !== undefined && <p class="hint">{hint}</p>}
          </div>
          <button
            type="button"
            class="quiet"
            aria-label="Close this message"
            onClick={() => tell({ kind: "heard", id })}
          >
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
