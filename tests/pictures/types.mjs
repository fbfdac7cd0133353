// Holds the dashboards to Grafana's own types: each becomes TypeScript that says `… satisfies` Dashboard, and each panel
// that its options are those of its kind, for the compiler to judge.
//
//   node types.mjs [DIRECTORY]
//
// A board with faults sown into it must be found out in the same run, so that a check that sees nothing cannot pass.

import path from 'node:path';
import ts from 'typescript';
import { dashboards, here, panelsOf, readBoards } from './boards.mjs';

// Where the kinds of panels have their types; those without are not known here, and a fault.
const kinds = {
  bargauge: { folder: 'bargauge', custom: false },
  gauge: { folder: 'gauge', custom: false },
  heatmap: { folder: 'heatmap', custom: true },
  stat: { folder: 'stat', custom: false },
  'state-timeline': { folder: 'statetimeline', custom: true },
  'status-history': { folder: 'statushistory', custom: true },
  table: { folder: 'table', custom: true },
  text: { folder: 'text', custom: false },
  timeseries: { folder: 'timeseries', custom: true },
};

const identifier = (kind) => kind.replace(/\W/g, '_');
const schema = path.join(here, 'node_modules/@grafana/schema/dist/types');

// JSON has no enums, only what they stand for: `Plain` is a type with the enums' words instead of the enums. Grafana has
// no type for Prometheus's queries in this package, so that theirs is here, as the data source's editor writes them, and
// the words its editors keep of a variable's query and of an annotation's.
const prelude = [
  `import type { AnnotationQuery, Dashboard, Panel as AnyPanel, VariableModel } from '${schema}/index';`,
  ...Object.entries(kinds).map(
    ([kind, { folder }]) =>
      `import type * as ${identifier(kind)} from '${schema}/raw/composable/${folder}/panelcfg/x/types.gen';`,
  ),
  `type Plain<T> =
  T extends string ? \`\${T}\`
  : T extends number | boolean | null | undefined ? T
  : T extends (infer U)[] ? Plain<U>[]
  : T extends object ? { [K in keyof T]: Plain<T[K]> }
  : T;
interface Query {
  datasource: { type: 'prometheus'; uid: string };
  editorMode?: 'code' | 'builder';
  exemplar?: boolean;
  expr: string;
  format?: 'time_series' | 'table' | 'heatmap';
  hide?: boolean;
  instant?: boolean;
  interval?: string;
  legendFormat?: string;
  range?: boolean;
  refId: string;
}
type Variable = VariableModel & { definition?: string };
type Annotation = AnnotationQuery & { expr?: string; step?: string; tagKeys?: string; textFormat?: string; titleFormat?: string; useValueForTime?: boolean };
type Board = Plain<Omit<Dashboard, 'annotations' | 'templating'> & { annotations: { list: Annotation[] }; templating: { list: Variable[] } }>;
type Panel<Kind extends string, Options, Custom> = Plain<Omit<AnyPanel<Partial<Options>, Partial<Custom>>, 'options' | 'targets' | 'type'>>
  & { type: Kind; options?: Plain<Partial<Options>>; targets?: Query[] };`,
].join('\n');

// The text of one board, and which lines are which panel's.
function generate(board) {
  const lines = prelude.split('\n');
  const parts = [];
  const add = (what, value, type) => {
    const first = lines.length + 1;
    const text = JSON.stringify(value, null, 1);
    lines.push(...`(${text}) satisfies ${type};`.split('\n'));
    parts.push({ first, last: lines.length, what });
  };
  const unknown = [];
  add('the board', board, 'Board');
  for (const panel of panelsOf(board)) {
    const what = `panel ${panel.id} "${panel.title}"`;
    const kind = kinds[panel.type];
    if (kind === undefined) {
      unknown.push(`${what}: no types are known for the kind ${panel.type}`);
      continue;
    }
    const types = identifier(panel.type);
    const custom = kind.custom ? `${types}.FieldConfig` : 'Record<string, never>';
    add(what, panel, `Panel<'${panel.type}', ${types}.Options, ${custom}>`);
  }
  return { text: lines.join('\n'), parts, unknown };
}

// What the compiler has against the boards, one text each.
function check(boards) {
  const files = new Map();
  const findings = [];
  for (const { name, board } of boards) {
    const { text, parts, unknown } = generate(board);
    files.set(path.join(here, `${name}.board.ts`), { name, text, parts });
    findings.push(...unknown.map((it) => `${name}: ${it}`));
  }
  const options = {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    noEmit: true,
    skipLibCheck: true,
    strict: true,
    target: ts.ScriptTarget.ES2022,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile, readFile } = host;
  host.fileExists = (file) => files.has(file) || fileExists.call(host, file);
  host.readFile = (file) => files.get(file)?.text ?? readFile.call(host, file);
  host.getSourceFile = (file, ...rest) =>
    files.has(file)
      ? ts.createSourceFile(file, files.get(file).text, options.target, true)
      : getSourceFile.call(host, file, ...rest);
  const program = ts.createProgram([...files.keys()], options, host);
  for (const diagnostic of ts.getPreEmitDiagnostics(program)) {
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n    ');
    const file = files.get(diagnostic.file?.fileName);
    if (file === undefined) {
      findings.push(`${diagnostic.file?.fileName ?? 'the compiler'}: ${text}`);
      continue;
    }
    const line = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start).line;
    const part = file.parts.find(({ first, last }) => first <= line + 1 && line + 1 <= last);
    const source = file.text.split('\n')[line].trim();
    findings.push(`${file.name}: ${part?.what ?? 'the prelude'}: ${source}\n    ${text}`);
  }
  return findings;
}

// Faults that must be found, each in a board that has none else.
const sown = {
  'a title that is a number': (board) => (board.title = 5),
  'a refresh of the wrong type': (board) => (board.refresh = ['30s']),
  'a variable without a type': (board) => delete board.templating.list[0].type,
  'thresholds without a mode': (board) =>
    (panelsOf(board)[0].fieldConfig = { defaults: { thresholds: { steps: [] } }, overrides: [] }),
  'an option of another type': (board) => (stat(board).options.colorMode = 5),
  'an option that is misspelt': (board) => (stat(board).options.colourMode = 'value'),
  'a query of an unknown format': (board) => (stat(board).targets[0].format = 'graph'),
};

const stat = (board) => panelsOf(board).find((panel) => panel.type === 'stat');

function unseen(boards) {
  const { board } = boards.find(({ board }) => stat(board) !== undefined) ?? {};
  if (board === undefined) {
    return ['no board has a stat panel to sow faults into'];
  }
  const mutated = Object.entries(sown).map(([name, sow]) => {
    const copy = structuredClone(board);
    sow(copy);
    return { name, board: copy };
  });
  const found = check(mutated);
  return mutated
    .filter(({ name }) => !found.some((finding) => finding.startsWith(`${name}: `)))
    .map(({ name }) => `not found although it was sown: ${name}`);
}

const boards = readBoards(process.argv[2] ?? dashboards);
const findings = check(boards);
// Sown faults say something only of boards that have no others.
const failures = findings.length > 0 ? findings : unseen(boards);
for (const failure of failures) {
  console.error(failure);
}
if (failures.length > 0) {
  process.exit(1);
}
console.log(`${boards.length} boards are of Grafana's types, and ${Object.keys(sown).length} faults sown were found`);
