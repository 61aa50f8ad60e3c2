import type { ComponentChildren, JSX } from "preact";
import { useRef } from "preact/hooks";

export interface ChooseFilesProps {
  readonly onFiles: (files: readonly File[]) => void;
  readonly accept: string;
  readonly children: ComponentChildren;
  readonly label?: string;
  readonly isFolder?: boolean;
  readonly isOne?: boolean;
  readonly class?: string;
  readonly disabled?: boolean;
}

/** A button that opens the system's own choice of files. */
export function ChooseFiles(props: ChooseFilesProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const { onFiles, accept, children, label, isFolder = false, isOne = false, disabled = false } = props;
  return (
    <>
      <button
        type="button"
        class={props.class ?? "button"}
        aria-label={label}
        disabled={disabled}
        onClick={() => input.current?.click()}
      >
        {children}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        accept={accept}
        multiple={!isOne}
        {...(isFolder ? { webkitdirectory: true } : {})}
        aria-label={label}
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])]);
          // the same file may be chosen again
          currentTarget.value = "";
        }}
      />
    </>
  );
}
