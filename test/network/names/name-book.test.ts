import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerNames } from "../../../src/network/names/container-names.ts";
import { NameBook } from "../../../src/network/names/name-book.ts";

const [web, db, other] = ["a", "b", "c"].map((letter) => letter.repeat(64)) as [
  string,
  string,
  string,
];

test("containers of one network find each other by each of their names, those of another don't", () => {
  const book = bookOf(
    named(web, [endpoint("front", ["web", "www", "aaaaaaaaaaaa"], ["10.0.0.2", "fd00::2"])]),
    named(db, [endpoint("front", ["db"], ["10.0.0.3"])]),
    named(other, [endpoint("back", ["other"], ["10.1.0.2"])]),
  );
  for (const name of ["web", "WWW", "aaaaaaaaaaaa", "web.", "web.front", "Web.Front."])
    assert.deepEqual(book.addresses(db, name, 4), ["10.0.0.2"], name);
  assert.deepEqual(book.addresses(db, "web", 6), ["fd00::2"]);
  assert.deepEqual(book.addresses(web, "db", 6), [], "it is known, and has none of this family");
  for (const name of ["other", "nobody", "web.back", "web.front.x", "front", ""])
    assert.equal(book.addresses(db, name, 4), undefined, name);
  assert.equal(book.addresses(other, "web", 4), undefined);
});

test("several containers of one name are all found, until they go", () => {
  const book = bookOf(
    named(web, [endpoint("front", ["one", "many"], ["10.0.0.2"])]),
    named(db, [endpoint("front", ["two", "many"], ["10.0.0.3"])]),
  );
  assert.deepEqual(book.addresses(web, "many", 4)?.sort(), ["10.0.0.2", "10.0.0.3"]);
  book.remove(db);
  assert.deepEqual(book.addresses(web, "many", 4), ["10.0.0.2"]);
  assert.equal(book.addresses(db, "many", 4), undefined, "who has gone gets no answers");
  book.set(named(web, [endpoint("back", ["one"], ["10.1.0.2"])]));
  assert.equal(book.addresses(web, "many", 4), undefined, "what was known before is forgotten");
});

test("a link is a name for one container alone, and hides another's", () => {
  const links = [{ alias: "Store", name: "db" }];
  const book = bookOf(
    named(web, [{ ...endpoint("front", ["web"], ["10.0.0.2"]), links }]),
    named(db, [endpoint("front", ["db"], ["10.0.0.3"])]),
    named(other, [endpoint("front", ["other", "store"], ["10.0.0.4"])]),
  );
  assert.deepEqual(book.addresses(web, "store", 4), ["10.0.0.3"]);
  assert.deepEqual(book.addresses(db, "store", 4), ["10.0.0.4"]);
});

test("names may have dots of their own", () => {
  const book = bookOf(
    named(web, [endpoint("a.net", ["db.example.org"], ["10.0.0.2"])]),
    named(db, [endpoint("a.net", ["db"], ["10.0.0.3"])]),
  );
  assert.deepEqual(book.addresses(db, "db.example.org", 4), ["10.0.0.2"]);
  assert.deepEqual(book.addresses(db, "db.example.org.a.net", 4), ["10.0.0.2"]);
  assert.deepEqual(book.addresses(db, "db.a.net", 4), ["10.0.0.3"]);
});

test("an address leads back to a name", () => {
  const book = bookOf(
    named(web, [endpoint("front", ["web", "www"], ["10.0.0.2", "fd00::a:2"])]),
    named(other, [endpoint("back", ["other"], ["10.1.0.2"])]),
  );
  assert.equal(book.nameOf(web, "2.0.0.10.in-addr.arpa."), "web.front");
  const digits = `2.0.0.0.a.0.0.0.${"0.".repeat(20)}0.0.d.f`;
  assert.equal(book.nameOf(web, `${digits}.ip6.arpa`), "web.front");
  assert.equal(book.nameOf(web, "2.0.1.10.in-addr.arpa"), undefined);
  assert.equal(book.nameOf(web, "nonsense"), undefined);
});

function bookOf(...all: ContainerNames[]): NameBook {
  const book = new NameBook();
  for (const one of all) book.set(one);
  return book;
}

function named(container: string, endpoints: ContainerNames["endpoints"]): ContainerNames {
  return { container, endpoints, servers: [], setsDots: false };
}

function endpoint(network: string, names: string[], addresses: string[]) {
  return {
    network: `id of ${network}`,
    networkName: network,
    internal: false,
    names,
    addresses,
    links: [],
  };
}
