import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { StepProps } from "./examples.tsx";
import { Section } from "./section.tsx";

export function Keep({ state, studio }: StepProps): JSX.Element {
  const { ready, taught, training } = state;
  const [isMaking, setMaking] = useState(false);
  const download = async (): Promise<void> => {
    setMaking(true);
    try {
      const address = URL.createObjectURL(await studio.ask("file", {}));
      const link = Object.assign(document.createElement("a"), { href: address, download: "model.onnx" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    } catch (error) {
      studio.say(error);
    } finally {
      setMaking(false);
    }
  };
  return (
    <Section number={4} title="Take it with you" why={<Why />} isWaiting={!ready}>
      {ready ? (
        <div class="card keep">
          <div>
            <button
              type="button"
              class="button primary"
              disabled={isMaking || training !== undefined}
              onClick={() => void download()}
            >
              Download model.onnx
            </button>
            {taught && <span class="faint"> {(taught.bytes / 1e6).toFixed(1)} MB</span>}
          </div>
          <p>Drop the file on this page to go on with it another day. In a terminal it labels whole folders:</p>
          <pre>
            <code>npx onnx-graft label model.onnx photos/</code>
          </pre>
        </div>
      ) : (
        <p class="faint">Once it has learnt, you can download it as one file that runs everywhere ONNX does.</p>
      )}
    </Section>
  );
}

function Why(): JSX.Element {
  return (
    <p>
      ONNX is a format for networks that nearly every program can run. The file holds everything: how a photo becomes
      numbers, the weights, and the names of your classes. Before you get it, it is checked against the network that was
      trained here.
    </p>
  );
}
