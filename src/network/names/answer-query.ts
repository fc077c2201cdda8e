import {
  addressData,
  answerWith,
  emptyAnswer,
  nameData,
  type Query,
  responseCode,
} from "./message.ts";
import type { NameBook } from "./name-book.ts";

const typeNumber = { a: 1, ptr: 12, mx: 15, aaaa: 28 };
const internet = 1;

export interface Asker {
  container: string;
  /** How long an answer may be. */
  limit: number;
}

/** Answers what is asked of containers; undefined: others must be asked. */
export function answerQuery(book: NameBook, query: Query, asker: Asker): Buffer | undefined {
  if (query.class !== internet) return undefined;
  const { container } = asker;
  switch (query.type) {
    case typeNumber.a:
      return addresses(book.addresses(container, query.name, 4), query, asker);
    case typeNumber.aaaa:
      return addresses(book.addresses(container, query.name, 6), query, asker);
    case typeNumber.mx: {
      // mail goes to its addresses, then
      const isKnown = book.addresses(container, query.name, 4) !== undefined;
      return isKnown ? emptyAnswer(query, responseCode.none) : undefined;
    }
    case typeNumber.ptr: {
      const name = book.nameOf(container, query.name);
      return name === undefined ? undefined : answerWith(query, [nameData(name)], asker.limit);
    }
    default:
      return undefined;
  }
}

/** In another order each time, so that load is spread. */
function addresses(
  found: readonly string[] | undefined,
  query: Query,
  { limit }: Asker,
): Buffer | undefined {
  return found && answerWith(query, shuffled(found).map(addressData), limit);
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
