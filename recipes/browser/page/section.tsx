import type { ComponentChildren, JSX } from "preact";

export interface SectionProps {
  readonly number: number;
  readonly title: string;
  readonly children: ComponentChildren;
  /** What happens here, for those who want to know. */
  readonly why: ComponentChildren;
  /** Nothing can be done here yet. */
  readonly isWaiting?: boolean;
}

/** A step of the page. */
export function Section({ number, title, children, why, isWaiting = false }: SectionProps): JSX.Element {
  const id = `step-${number}`;
  return (
    <section class={isWaiting ? "step waiting" : "step"} aria-labelledby={id}>
      <h2 id={id}>
        <span class="number" aria-hidden="true">
          {number}
        </span>
        {title}
      </h2>
      {children}
      <details class="why">
        <summary>What happens here?</summary>
        {why}
      </details>
    </section>
  );
}
