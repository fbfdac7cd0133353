// What Grafana would ask Prometheus for a board: its variables' values, and its panels' queries with the variables, the
// step and the windows that Grafana's Prometheus data source works out.

// What the data source assumes of the scrape interval when nobody has told it.
const SCRAPE_MS = 15_000;

// Grafana's steps: an interval shorter than the first is rounded to the second, in seconds.
const STEPS = [
  [1.5, 1], [3.5, 2], [7.5, 5], [12.5, 10], [17.5, 15], [25, 20], [45, 30], [90, 60], [210, 120], [450, 300],
  [750, 600], [1050, 900], [1500, 1200], [2700, 1800], [5400, 3600], [9000, 7200], [16200, 10_800], [32_400, 21_600],
  [86_400, 43_200], [604_800, 86_400], [1_814_400, 604_800], [Infinity, 2_592_000],
];

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

export function milliseconds(duration) {
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)];
  if (parts.length === 0 || parts.map(([text]) => text).join('') !== duration) {
    throw new Error(`${duration} is not a duration such as 5m or 1h30m`);
  }
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit], 0);
}

// `now`, `now-30m` or seconds since 1970, as milliseconds.
export function instant(text, now) {
  if (text === 'now') return now;
  if (text.startsWith('now-')) return now - milliseconds(text.slice(4));
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  throw new Error(`${text} is not a time such as now-30m`);
}

const inSeconds = (ms) => `${ms / 1000}s`;
const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\\\$&');

export class Prometheus {
  constructor(url, { from, to }) {
    this.url = url.replace(/\/$/, '');
    this.from = from;
    this.to = to;
  }

  async ask(path, parameters) {
    const response = await fetch(`${this.url}/api/v1/${path}`, {
      method: 'POST',
      body: new URLSearchParams(parameters),
    });
    const answer = await response.json();
    if (answer.status !== 'success') {
      throw new Error(`${parameters.query ?? path}: ${answer.error}`);
    }
    return answer.data;
  }

  // The values of a variable of the board, by name: `{ text, regex, value }`, All being what its `allValue` says.
  async variables(board, chosen) {
    const values = {};
    for (const variable of board.templating?.list ?? []) {
      values[variable.name] = await this.variable(variable, values, chosen);
    }
    return values;
  }

  async variable(variable, values, chosen) {
    const { name, type } = variable;
    if (type === 'datasource') return { text: 'Prometheus', value: 'prometheus' };
    if (type === 'constant' || type === 'textbox') return { text: variable.query, value: variable.query };
    if (type !== 'query' && type !== 'custom') throw new Error(`variable ${name}: unknown type ${type}`);
    const all = type === 'query' ? await this.labelValues(variable, values) : customValues(variable);
    const current = [variable.current?.value].flat()[0];
    if (chosen[name] !== undefined && (chosen[name].always || !variable.includeAll)) {
      const { value } = chosen[name];
      if (!all.includes(value)) throw new Error(`variable ${name} has no value ${value}, but ${all.join(', ')}`);
      return { text: value, value: escaped(value) };
    }
    if (variable.includeAll && (current === undefined || current === '$__all')) {
      return { text: 'All', value: variable.allValue ?? `(${all.map(escaped).join('|')})` };
    }
    const value = all.includes(current) ? current : all[0];
    if (value === undefined) throw new Error(`variable ${name} has no values`);
    return { text: value, value: type === 'query' ? escaped(value) : value };
  }

  async labelValues(variable, values) {
    const query = typeof variable.query === 'string' ? variable.query : variable.query.query;
    const match = /^label_values\((?:(.+),\s*)?(\w+)\)$/.exec(query);
    if (match === null) throw new Error(`variable ${variable.name}: ${query} is not a label_values()`);
    const [, selector, label] = match;
    const parameters = { start: this.from / 1000, end: this.to / 1000 };
    if (selector) parameters['match[]'] = interpolate(selector, values);
    const found = await fetch(`${this.url}/api/v1/label/${label}/values?${new URLSearchParams(parameters)}`);
    const answer = await found.json();
    if (answer.status !== 'success') throw new Error(`variable ${variable.name}: ${answer.error}`);
    const regex = variable.regex ? new RegExp(variable.regex.replace(/^\/|\/$/g, '')) : /.*/;
    return answer.data.filter((value) => regex.test(value)).sort();
  }

  // The answers to a panel's queries; `width` is how many points across it has room for.
  async panel(panel, values, width) {
    const targets = (panel.targets ?? []).filter((target) => !target.hide);
    return Promise.all(targets.map((target) => this.target(panel, target, values, width)));
  }

  async target(panel, target, values, width) {
    const points = panel.maxDataPoints ?? width;
    const least = interpolate(panel.interval ?? '', values);
    const own = interpolate(target.interval ?? '', values);
    const coarse = Math.max(rounded((this.to - this.from) / points), least ? milliseconds(least) : SCRAPE_MS);
    const step = Math.max(coarse, own ? milliseconds(own) : 0);
    const scrape = own ? milliseconds(own) : SCRAPE_MS;
    const rate = Math.max(coarse + scrape, 4 * scrape);
    const query = interpolate(target.expr, {
      ...values,
      __interval: { value: inSeconds(step) },
      __interval_ms: { value: String(step) },
      __range: { value: inSeconds(Math.round((this.to - this.from) / 1000) * 1000) },
      __range_s: { value: String(Math.round((this.to - this.from) / 1000)) },
      __range_ms: { value: String(this.to - this.from) },
      __rate_interval: { value: inSeconds(rate) },
      __rate_interval_ms: { value: String(rate) },
    });
    const data = target.instant
      ? await this.ask('query', { query, time: this.to / 1000 })
      : await this.ask('query_range', {
          query,
          start: (Math.floor(this.from / step) * step) / 1000,
          end: (Math.floor(this.to / step) * step) / 1000,
          step: step / 1000,
        });
    return { refId: target.refId, format: target.format, legendFormat: target.legendFormat, query, step, ...data };
  }
}

const rounded = (ms) => Math.max(1, STEPS.find(([below]) => ms / 1000 < below)[1]) * 1000;

function customValues(variable) {
  return variable.query.split(',').map((part) => part.split(' : ').at(-1).trim());
}

// `$name`, `${name}` and `${name:format}` of a text; a name that is none of the board's is a fault of the board, but for
// groups of a regular expression.
export function interpolate(text, values) {
  return text.replace(/\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::\w+)?\})/g, (whole, plain, braced) => {
    const variable = values[plain ?? braced];
    if (variable === undefined) throw new Error(`${text}: there is no variable ${whole}`);
    return variable.value;
  });
}
