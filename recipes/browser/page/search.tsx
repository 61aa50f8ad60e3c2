import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Found } from "../calls.ts";
import type { Studio } from "./use-studio.ts";
import { words } from "./words.ts";

export interface SearchProps {
  readonly studio: Studio;
  readonly labels: readonly string[];
}

/** Finds labelled photos by a query, or by what they look like. */
export function Search({ studio, labels }: SearchProps): JSX.Element {
  const [query, setQuery] = useState(labels[0] === undefined ? "" : quoted(labels[0]));
  const { found, trouble, show } = useAnswer();
  const search = (text: string): void => {
    setQuery(text);
    if (text.trim() !== "") void show(studio.ask("search", { query: text }));
  };
  // what is there is shown before anybody asks
  useEffect(() => search(query), []);
  return (
    <div class="search">
      <form
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          search(query);
        }}
      >
        <input
          type="search"
          aria-label="Search the labelled photos"
          value={query}
          onInput={({ currentTarget }) => setQuery(currentTarget.value)}
        />
        <button type="submit" class="button">
          Search
        </button>
      </form>
      <p class="examples">
        {examplesFor(labels).map((example) => (
          <button key={example} type="button" class="chip" onClick={() => search(example)}>
            {example}
          </button>
        ))}
      </p>
      {trouble !== undefined && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      {found && (
        <p class="faint" role="status">
          {found.length === 0 ? "Nothing found." : `${found.length} found, the surest first`}
        </p>
      )}
      <ul class="found">
        {(found ?? []).map((hit) => (
          <FoundPhoto key={hit.name} hit={hit} onAlike={() => void show(studio.ask("alike", { name: hit.name }))} />
        ))}
      </ul>
    </div>
  );
}

interface Shown {
  readonly found: readonly Found[] | undefined;
  readonly trouble: string | undefined;
  readonly show: (answer: Promise<readonly Found[]>) => Promise<void>;
}

function useAnswer(): Shown {
  const [found, setFound] = useState<readonly Found[]>();
  const [trouble, setTrouble] = useState<string>();
  const show = async (answer: Promise<readonly Found[]>): Promise<void> => {
    try {
      setFound(await answer);
      setTrouble(undefined);
    } catch (error) {
      const { text, hint } = words(error);
      setFound(undefined);
      setTrouble(hint === undefined ? text : `${text} ${hint}`);
    }
  };
  return { found, trouble, show };
}

function FoundPhoto({ hit, onAlike }: { readonly hit: Found; readonly onAlike: () => void }): JSX.Element {
  const { name, labels, thumb } = hit;
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!thumb) return undefined;
    const address = URL.createObjectURL(thumb);
    setUrl(address);
    return () => URL.revokeObjectURL(address);
  }, [thumb]);
  const [first] = labels;
  return (
    <li>
      {url === undefined ? <span class="no-thumb" /> : <img src={url} alt={name} />}
      <span class="found-name" title={name}>
        {name.split("/").at(-1)}
      </span>
      <span class="faint">
        {first?.label} {Math.round((first?.weight ?? 0) * 100)} %
      </span>
      <button type="button" class="quiet" aria-label={`Photos like ${name}`} onClick={onAlike}>
        more like it
      </button>
    </li>
  );
}

/** Queries to begin with. */
function examplesFor(labels: readonly string[]): readonly string[] {
  const [one, two] = labels;
  const both = one !== undefined && two !== undefined ? [`${quoted(one)} NOT ${quoted(two)}`] : [];
  return [...labels.slice(0, 4).map(quoted), ...both];
}

/** A label as a query has it: in quotes where it is more than one plain word. */
function quoted(label: string): string {
  return /^[\p{L}\p{N}_]+$/u.test(label) ? label : `"${label}"`;
}
