// What is read of the repository: the dashboards, and what is in them.

import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = path.dirname(fileURLToPath(import.meta.url));
export const dashboards = path.join(here, '..', '..', 'dashboards');

// Every dashboard of a directory, by the name of its file without `.json`.
export function readBoards(directory) {
  const boards = readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({
      name: path.basename(file, '.json'),
      board: JSON.parse(readFileSync(path.join(directory, file), 'utf8')),
    }));
  if (boards.length === 0) {
    throw new Error(`no dashboard in ${directory}`);
  }
  return boards;
}

// The panels of a board that are not rows, those in collapsed rows too.
export function panelsOf(board) {
  return board.panels.flatMap((panel) => (panel.type === 'row' ? (panel.panels ?? []) : [panel]));
}
