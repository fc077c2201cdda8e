// As much of Redis' protocol as the example needs, so that it needs no packages.
import { connect } from "node:net";

const [host, port] = process.env.QUEUE.split(":");

/** A connection on which one command after the other is answered. */
export class Queue {
  #socket = connect(Number(port), host);
  #text = "";
  #waiting = [];

  constructor() {
    this.#socket.setEncoding("utf8");
    this.#socket.on("data", (text) => {
      this.#text += text;
      this.#answer();
    });
    this.#socket.on("error", (error) => this.#end(error));
    this.#socket.on("close", () => this.#end(new Error("the queue is gone")));
  }

  call(...words) {
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    this.#socket.write(`*${words.length}\r\n${parts.join("")}`);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #answer() {
    for (;;) {
      const read = parse(this.#text);
      if (read === undefined) return;
      this.#text = read.rest;
      this.#waiting.shift()?.resolve(read.value);
    }
  }

  #end(error) {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** One answer of `text`, or nothing while it isn't whole. */
function parse(text) {
  const end = text.indexOf("\r\n");
  if (end < 0) return undefined;
  const line = text.slice(1, end);
  let rest = text.slice(end + 2);
  switch (text[0]) {
    case ":":
      return { value: Number(line), rest };
    case "$": {
      const length = Number(line);
      if (length < 0) return { value: null, rest };
      if (rest.length < length + 2) return undefined;
      return { value: rest.slice(0, length), rest: rest.slice(length + 2) };
    }
    case "*": {
      if (Number(line) < 0) return { value: null, rest };
      const value = [];
      for (let index = 0; index < Number(line); index += 1) {
        const one = parse(rest);
        if (one === undefined) return undefined;
        value.push(one.value);
        rest = one.rest;
      }
      return { value, rest };
    }
    default:
      return { value: line, rest };
  }
}
