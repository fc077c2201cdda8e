import { request } from "node:http";

/** What `run --rm` asks of the daemon, without a client program: create, wait, start, the exit code. */
export async function apiRun(socketPath: string, body: object): Promise<number> {
  const created = JSON.parse(await call(socketPath, "/containers/create", body)) as { Id: string };
  const path = `/containers/${created.Id}`;
  const ended = call(socketPath, `${path}/wait?condition=removed`);
  await call(socketPath, `${path}/start`);
  return (JSON.parse(await ended) as { StatusCode: number }).StatusCode;
}

function call(socketPath: string, path: string, body?: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "Content-Type": "application/json" };
    const asked = request({ socketPath, path, method: "POST", headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        if ((response.statusCode ?? 500) < 400) resolve(text);
        else reject(new Error(`${path}: ${text}`));
      });
    });
    asked.on("error", reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
