// The page: `window.draw(board, values, range, answers)` draws a whole board from Prometheus's answers, and resolves to
// what was wrong with it.

import './check.js';
import 'uplot/dist/uPlot.min.css';
import { createTheme, dateTime } from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import { GlobalStyles, Icon, PanelChrome, ThemeContext } from '@grafana/ui';
import { Component } from 'react';
import { createRoot } from 'react-dom/client';
import { faults, hasData, remarks } from './check.js';
import { prepare } from './frames.js';
import { rectangle, unfolded, WIDTH } from './layout.js';
import { panels } from './panels.jsx';

const HEADER = 48;
const theme = createTheme({ colors: { mode: 'dark' } });
const timeZone = 'utc';

// What one panel throws while it is drawn is its fault, and the others are still drawn.
class Boundary extends Component {
  state = {};

  static getDerivedStateFromError(error) {
    return { error };
  }

  componentDidCatch(error) {
    this.props.onError(error);
  }

  render() {
    return this.state.error === undefined ? this.props.children : <p>{String(this.state.error)}</p>;
  }
}

function Empty({ children, width, height }) {
  const style = { width, height, display: 'flex', alignItems: 'center', justifyContent: 'center', opacity: 0.7 };
  return <div style={style}>{children}</div>;
}

function Body({ panel, data, width, height, ...rest }) {
  const Kind = panels[panel.type];
  const itself = panel.type === 'text' || panel.type === 'stat';
  if (!itself && !hasData(panel, data.series)) {
    const { noValue } = data.fieldConfig.defaults;
    return (
      <Empty width={width} height={height}>
        {noValue ?? 'No data'}
      </Empty>
    );
  }
  return <Kind panel={panel} data={data} options={panel.options ?? {}} width={width} height={height} {...rest} />;
}

function Panel({ panel, data, onError, ...rest }) {
  const { width, height, ...place } = rectangle(panel.gridPos);
  const marked = ['heatmap', 'state-timeline', 'status-history'].includes(panel.type) ? 'svg' : undefined;
  return (
    <div style={{ position: 'absolute', ...place, top: place.top + HEADER }}>
      <PanelChrome
        description={panel.description}
        displayMode={panel.transparent ? 'transparent' : 'default'}
        height={height}
        title={rest.replace(panel.title ?? '')}
        width={width}
      >
        {(innerWidth, innerHeight) => (
          <div data-panel={panel.id} data-marked={marked} style={{ width: innerWidth, height: innerHeight }}>
            <Boundary onError={onError}>
              <Body panel={panel} data={data} width={innerWidth} height={innerHeight} {...rest} />
            </Boundary>
          </div>
        )}
      </PanelChrome>
    </div>
  );
}

function Row({ panel, replace }) {
  const { left, top, width, height } = rectangle(panel.gridPos);
  const style = { position: 'absolute', left, top: top + HEADER, width, height, display: 'flex', alignItems: 'center' };
  return (
    <div style={{ ...style, gap: 8, fontSize: 18, fontWeight: 500 }}>
      <Icon name="angle-down" />
      {replace(panel.title)}
    </div>
  );
}

const named = {
  display: 'flex',
  gap: 8,
  padding: '5px 10px',
  border: `1px solid ${theme.colors.border.weak}`,
  borderRadius: 2,
  background: theme.colors.background.secondary,
};

function Header({ board, values, range }) {
  const style = { position: 'absolute', left: 16, right: 16, top: 0, height: HEADER, display: 'flex', gap: 8 };
  const visible = board.templating.list.filter(({ hide }) => hide !== 2);
  return (
    <div style={{ ...style, alignItems: 'center', fontSize: 13 }}>
      <b style={{ fontSize: 18, fontWeight: 500, marginRight: 16 }}>{board.title}</b>
      {visible.map(({ name, label }) => (
        <span key={name} style={named}>
          <span style={{ color: theme.colors.text.secondary }}>{label ?? name}</span>
          {values[name].text}
        </span>
      ))}
      <span style={{ ...named, marginLeft: 'auto' }}>
        {`${range.from.utc().format('YYYY-MM-DD HH:mm')} to ${range.to.utc().format('HH:mm')} UTC`}
      </span>
    </div>
  );
}

// A board's own variables in texts and titles; what only links know stays as it is.
function replacer(values) {
  return (text, scoped) =>
    String(text).replace(/\$(?:(\w+)|\{(\w+)(?::\w+)?\})/g, (whole, plain, braced) => {
      const name = plain ?? braced;
      return scoped?.[name]?.text ?? values[name]?.text ?? whole;
    });
}

// Long enough for what is drawn after it is laid out: fonts, legends' sizes, and charts in the frames that follow.
async function settled() {
  await document.fonts.ready;
  for (let frame = 0; frame < 12; frame += 1) {
    await new Promise((resolve) => {
      requestAnimationFrame(() => setTimeout(resolve, 20));
    });
  }
}

// Once: charts measure and write on canvases, for which the fonts of Grafana's styles must be there beforehand.
async function prepared() {
  await initPluginTranslations('pictures');
  createRoot(document.getElementById('styles')).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
    </ThemeContext.Provider>,
  );
  await settled();
  await Promise.all(['400', '500'].map((weight) => document.fonts.load(`${weight} 12px Inter`)));
}

const ready = prepared();

let root;

window.draw = async (board, values, { from, to }, answers) => {
  await ready;
  const range = { from: dateTime(from), to: dateTime(to), raw: { from: dateTime(from), to: dateTime(to) } };
  const replace = replacer(values);
  const found = [];
  const fault = (panel, text) => found.push({ panel: panel.title ?? panel.type, text: String(text) });
  const drawn = [];
  const all = unfolded(board);
  for (const panel of all) {
    if (panel.type === 'row') continue;
    try {
      if (panels[panel.type] === undefined) throw new Error(`there is no drawing of ${panel.type} panels`);
      if (panel.repeat) throw new Error('there is no drawing of repeated panels');
      drawn.push({ panel, data: await prepare(panel, answers[panel.id], { theme, timeZone, replace }) });
    } catch (error) {
      fault(panel, error);
    }
  }
  const bottom = Math.max(...all.map(({ gridPos }) => gridPos.y + gridPos.h));
  const { height } = rectangle({ x: 0, y: 0, w: 24, h: bottom });
  root?.unmount();
  root = createRoot(document.getElementById('root'));
  root.render(
    <ThemeContext.Provider value={theme}>
      <div style={{ position: 'relative', width: WIDTH, height: height + HEADER + 16 }}>
        <Header board={board} values={values} range={range} />
        {all
          .filter(({ type }) => type === 'row')
          .map((panel) => (
            <Row key={panel.id} panel={panel} replace={replace} />
          ))}
        {drawn.map(({ panel, data }) => (
          <Panel
            key={panel.id}
            data={data}
            onError={(error) => fault(panel, error)}
            panel={panel}
            range={range}
            replace={replace}
            timeZone={timeZone}
          />
        ))}
      </div>
    </ThemeContext.Provider>,
  );
  await settled();
  const noticed = [];
  for (const { panel, data } of drawn) {
    const element = document.querySelector(`[data-panel="${panel.id}"]`);
    for (const text of faults(panel, data, element)) fault(panel, text);
    for (const text of remarks(panel, data, element)) noticed.push({ panel: panel.title, text });
  }
  return { faults: found, remarks: noticed, height: height + HEADER + 16 };
};
