/** `/containers/web/db`, and what follows; not `/containers/web/attach/ws`. */
const linkPath = /^\/containers\/([^/?]+)\/(?!attach\/ws(?:\?|$))([^/?]+)\/([^/?]+)(?=\?|$)/;
const linkAlone = /^\/containers\/([^/?]+)\/([^/?]+)(?=\?|$)/;

/** A link's name, as `web/db`, stands in a path as it is; routes know names without a slash only. */
export function withLinkName(method: string | undefined, url: string): string {
  return method === "DELETE"
    ? url.replace(linkAlone, "/containers/$1%2F$2")
    : url.replace(linkPath, "/containers/$1%2F$2/$3");
}
