import { createServer, type Server, type Socket } from "node:net";

/** The socket of a fake machine's agent. While the machine stands still, nothing passes. */
export class FakeSocket implements AsyncDisposable {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  #isHeld = false;

  private constructor(server: Server, serve: (connection: Socket) => void) {
    this.#server = server.unref();
    server.on("connection", (connection) => {
      this.#connections.add(connection);
      connection.on("error", () => connection.destroy());
      connection.on("close", () => this.#connections.delete(connection));
      if (this.#isHeld) holdUp(connection);
      serve(connection.unref());
    });
  }

  static listen(path: string, serve: (connection: Socket) => void): Promise<FakeSocket> {
    return new Promise((resolve, reject) => {
      const server = createServer();
      server.once("error", reject);
      server.listen(path, () => resolve(new FakeSocket(server, serve)));
    });
  }

  hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    for (const connection of this.#connections) holdUp(connection);
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    for (const connection of this.#connections) connection.resume().uncork();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

function holdUp(connection: Socket): void {
  connection.pause().cork();
}
