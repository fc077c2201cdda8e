import { answerQuery } from "./answer-query.ts";
import { askServers } from "./ask-servers.ts";
import type { ContainerNames } from "./container-names.ts";
import { type EgressRule, isAbout } from "../egress/egress-policy.ts";
import { Refusals } from "../egress/refusals.ts";
import { addressesIn, emptyAnswer, type Query, readQuery, responseCode } from "./message.ts";
import type { NameBook } from "./name-book.ts";

const longest = 65_535;
const queriesAtOnce = { ofAll: 1024, ofOne: 256 };

/** What becomes of a query: an answer, or servers that the container is to ask itself. */
export type Verdict = { answer: Buffer } | { ask: readonly string[] };

/** An address that a name has, of which a rule is. */
export interface Opened {
  /** Its place among the container's rules. */
  rule: number;
  address: string;
  seconds: number;
}

export interface ResolverParts {
  book: NameBook;
  /** Lets a container reach what its rules let it, see {@link ContainerNames.egress}. */
  open(container: string, opened: readonly Opened[]): Promise<void>;
  /** The host's name servers, as they are now. */
  hostServers(): Promise<readonly string[]>;
  /** Where those listen. */
  port?: number;
}

/** Answers what containers ask. */
export class Resolver {
  readonly #parts: ResolverParts;
  /** Queries that wait for the host's servers, of each container. */
  readonly #waiting = new Map<string, number>();
  #waitingOfAll = 0;
  /** Names that rules kept containers from asking for. */
  readonly refusals = new Refusals();

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  /** Undefined: nothing at all is answered. */
  async resolve(
    container: string,
    message: Buffer,
    { isLong }: { isLong: boolean },
  ): Promise<Verdict | undefined> {
    const query = readQuery(message);
    if (query === undefined || message.length < 12) return undefined;
    if (typeof query === "number") return { answer: emptyAnswer(message, query) };
    const names = this.#parts.book.get(container);
    if (names === undefined) return { answer: emptyAnswer(query, responseCode.server) };
    const limit = isLong ? longest : query.udpSize;
    const known = answerQuery(this.#parts.book, query, { container, limit });
    if (known !== undefined) return { answer: known };
    if (keepsToItself(names, query)) return { answer: emptyAnswer(query, responseCode.none) };
    if (names.egress !== undefined)
      return { answer: await this.#askWithin(names, names.egress, { query, isLong }) };
    if (names.servers.length > 0) return { ask: names.servers };
    return { answer: await this.#askHost(names, query, isLong) };
  }

  /** What rules are about is asked for, and reached as long as the answer holds. */
  async #askWithin(
    names: ContainerNames,
    rules: readonly EgressRule[],
    { query, isLong }: { query: Query; isLong: boolean },
  ): Promise<Buffer> {
    const about = rules.flatMap((rule, place) => (isAbout(rule, query.name) ? [place] : []));
    if (about.length === 0) {
      this.refusals.count(names.container, query.name);
      return emptyAnswer(query, responseCode.refused);
    }
    const answer = await this.#askHost(names, query, isLong);
    const named = about.filter((place) => rules[place]?.kind === "name");
    const opened = addressesIn(answer).flatMap(({ address, seconds }) =>
      named.map((rule) => ({ rule, address, seconds })),
    );
    if (opened.length === 0) return answer;
    try {
      await this.#parts.open(names.container, opened);
      return answer;
    } catch {
      return emptyAnswer(query, responseCode.server); // it would not be reached
    }
  }

  async #askHost(
    { container, endpoints, servers: own }: ContainerNames,
    query: Query,
    isLong: boolean,
  ): Promise<Buffer> {
    if (endpoints.every(({ internal }) => internal)) return emptyAnswer(query, responseCode.server);
    const waiting = this.#waiting.get(container) ?? 0;
    if (waiting >= queriesAtOnce.ofOne || this.#waitingOfAll >= queriesAtOnce.ofAll)
      return emptyAnswer(query, responseCode.refused);
    this.#count(container, 1);
    try {
      const servers = own.length > 0 ? own : await this.#parts.hostServers();
      const { port = 53 } = this.#parts;
      const answer = await askServers(query, { servers, isLong, port });
      return answer ?? emptyAnswer(query, responseCode.server);
    } finally {
      this.#count(container, -1);
    }
  }

  #count(container: string, change: number): void {
    const count = (this.#waiting.get(container) ?? 0) + change;
    if (count === 0) this.#waiting.delete(container);
    else this.#waiting.set(container, count);
    this.#waitingOfAll += change;
  }
}

/** Somebody who has set ndots tries a name of one label with his search domains next. */
function keepsToItself({ setsDots }: ContainerNames, { name, type }: Query): boolean {
  return setsDots && (type === 1 || type === 28) && !name.replace(/\.$/, "").includes(".");
}
