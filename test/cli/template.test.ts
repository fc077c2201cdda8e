import assert from "node:assert/strict";
import { test } from "node:test";
import { compileTemplate } from "../../src/cli/template/template.ts";

const data = {
  Name: "/web",
  State: { Running: true, Pid: 42, Error: "" },
  Config: { Env: ["A=1", "B=2"], Labels: { "com.x/y": "z", b: "c" }, Cmd: null },
  Label: (name: unknown) => `label ${String(name)}`,
};

const cases: [claim: string, template: string, expected: string][] = [
  ["a field of a field is printed", "{{.State.Pid}}", "42"],
  ["text stays as it is", "a {{.Name}} } b", "a /web } b"],
  [
    "lists and maps look as in Go",
    "{{.Config.Env}} {{.Config.Labels}}",
    "[A=1 B=2] map[b:c com.x/y:z]",
  ],
  ["nothing looks as in Go", "{{.Config.Cmd}}", "<nil>"],
  ["json prints any value", "{{json .Config.Env}} {{.Name | json}}", '["A=1","B=2"] "/web"'],
  ["range goes through a list", "{{range .Config.Env}}<{{.}}>{{end}}", "<A=1><B=2>"],
  ["range has variables", "{{range $i, $e := .Config.Env}}{{$i}}:{{$e}} {{end}}", "0:A=1 1:B=2 "],
  [
    "range goes through a map by its keys' order",
    "{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}",
    "b=c;com.x/y=z;",
  ],
  ["an empty range has an else", "{{range .Config.Cmd}}x{{else}}none{{end}}", "none"],
  [
    "break and continue leave a round",
    '{{range .Config.Env}}{{if eq . "A=1"}}{{continue}}{{end}}{{.}}{{break}}{{end}}',
    "B=2",
  ],
  [
    "if takes Go's idea of truth",
    "{{if .State.Error}}bad{{else if .State.Running}}up{{else}}down{{end}}",
    "up",
  ],
  [
    "if may ask for what is not there",
    "{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}",
    "none",
  ],
  [
    "and, or and not are functions",
    "{{and .State.Running .State.Error}}|{{or .State.Error .Name}}|{{not .State.Running}}",
    "|/web|false",
  ],
  ["with moves the dot, $ stays", "{{with .State}}{{.Pid}} {{$.Name}}{{end}}", "42 /web"],
  [
    "index takes keys that no field name can be",
    '{{index .Config.Labels "com.x/y"}} {{index .Config.Env 1}}',
    "z B=2",
  ],
  [
    "join, split, upper, len",
    '{{join .Config.Env ","}} {{len .Config.Env}} {{upper (index (split .Name "/") 1)}}',
    "A=1,B=2 2 WEB",
  ],
  ["println ends the line", "{{println .Name 1}}", "/web 1\n"],
  ["printf has width and verbs", '{{printf "%-5s|%03d|%q" "ab" 7 "x"}}', 'ab   |007|"x"'],
  [
    "comparisons compare",
    '{{eq .State.Pid 1 42}} {{lt 1 2}} {{ge "b" "a"}} {{ne 1 2}}',
    "true true true true",
  ],
  ["a method takes arguments", '{{.Label "a"}}', "label a"],
  [
    "variables are changed from within a block",
    "{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}",
    "2",
  ],
  ["trim marks take white space away", "a  {{- 1 -}}  b", "a1b"],
  ["comments print nothing", "a{{/* note */}}b", "ab"],
  ["braces in quotes end nothing", '{{print "}}"}}', "}}"],
  [
    "truncate, slice and title",
    '{{truncate "abcdef" 3}} {{slice "abcdef" 1 3}} {{title "ab cd"}}',
    "abc bc Ab Cd",
  ],
];
for (const [claim, template, expected] of cases)
  test(`template: ${claim}`, () => assert.equal(compileTemplate(template)(data), expected));

const faults: [template: string, message: RegExp][] = [
  ["{{.Name", /unclosed action/],
  ["{{if .Name}}x", /\{\{if\}\} without \{\{end\}\}/],
  ["{{end}}", /unexpected \{\{end\}\}/],
  ["{{nope .Name}}", /function "nope" not defined/],
  ["{{.Nope}}", /there is no \.Nope/],
  ["{{.Nope.Deeper}}", /cannot take \.Nope\.Deeper: \.Nope is not there/],
  ["{{$x}}", /undefined variable "\$x"/],
  ["{{index .Config.Env 7}}", /error calling index: index out of range: 7 of 2/],
  ["{{json .Name", /unclosed action/],
  ["{{}}", /missing value for command/],
  ["{{.Name 1}}", /\.Name is not a function but has arguments/],
  ["{{constructor}}", /function "constructor" not defined/],
  ['{{template "x"}}', /\{\{template\}\} is not supported/],
  ["{{range .State.Pid}}{{end}}", /range can't iterate over 42/],
];
for (const [template, message] of faults)
  test(`template: ${template} is refused with the reason`, () => {
    assert.throws(() => compileTemplate(template)(data), { code: "invalid", message });
  });
