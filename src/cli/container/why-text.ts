import type { WhyEnd, WhyFinding, WhyReport } from '#api';
import { humanDuration } from '#api';

const SECOND = 1000;
const EVIDENCE_LINES = 3;

/** The report as a screen of text; `now` in ms since the epoch. Control characters of the container's output are dropped. */
export function whyText(report: WhyReport, now: number): string {
  const sections = [
    [title(report, now)],
    report.Findings.flatMap(findingLines),
    section('It waits for', report.WaitsFor),
    section('Restarts', restartLines(report, now)),
    section('Health', healthLines(report, now)),
    section(
      'Last ends',
      report.Ends.map((end) => endLine(end, now)),
    ),
    section('Last lines of its log', report.Log),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map(printable).join('\n'))
    .join('\n\n')}\n`;
}

function title({ Id, Name, Image, Status, StartedAt, FinishedAt, ExitCode }: WhyReport, now: number): string {
  const isUp = Status === 'running' || Status === 'paused';
  const since = isUp ? StartedAt : FinishedAt;
  const code = Status === 'exited' || Status === 'restarting' ? ` (${ExitCode})` : '';
  const when = since.startsWith('0001') ? '' : isUp ? `, up ${ago(since, now)}` : ` ${ago(since, now)} ago`;
  return `${Name} (${Id.slice(0, 12)}), of image ${Image}: ${Status}${code}${when}`;
}

function findingLines({ Code, Summary, Evidence, Remedy }: WhyFinding): string[] {
  const evidence = Evidence.flatMap((text) => text.split('\n')).slice(0, EVIDENCE_LINES);
  return [`${Code}: ${Summary}`, ...evidence.map((line) => `  | ${line}`), ...(Remedy === '' ? [] : [`  > ${Remedy}`])];
}

function section(name: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [name, ...lines.map((line) => `  ${line}`)];
}

function restartLines({ Restart }: WhyReport, now: number): string[] {
  const { Policy, Count, NextAt } = Restart;
  if (Policy === '' || Policy === 'no') return [];
  const next =
    NextAt === null ? 'none is due' : `the next in ${Math.max(0, (Date.parse(NextAt) - now) / SECOND).toFixed(1)} s`;
  return [`policy ${Policy}: ${Count} so far, ${next}`];
}

function healthLines({ Health }: WhyReport, now: number): string[] {
  if (!Health) return [];
  const { Status, FailingStreak, Last } = Health;
  const streak = FailingStreak > 0 ? `, ${FailingStreak} failures in a row` : '';
  if (!Last) return [`${Status}${streak}, not probed yet`];
  const output = Last.Output.trim().split('\n').slice(-EVIDENCE_LINES);
  return [`${Status}${streak}; the last probe, ${ago(Last.End, now)} ago, gave ${Last.ExitCode}:`, ...output];
}

function endLine({ StartedAt, FinishedAt, ExitCode, OOMKilled, Stopped, Error: error }: WhyEnd, now: number): string {
  const when = `${ago(FinishedAt, now)} ago`;
  if (error !== '') return `${when}: did not start (${ExitCode}): ${error}`;
  const ran = ((Date.parse(FinishedAt) - Date.parse(StartedAt)) / SECOND).toFixed(1);
  const how = [...(OOMKilled ? ['out of memory'] : []), ...(Stopped ? ['stopped by a user'] : [])];
  return `${when}: exit code ${ExitCode} after ${ran} s${how.length > 0 ? `, ${how.join(', ')}` : ''}`;
}

function ago(time: string, now: number): string {
  return humanDuration(Math.max(0, (now - Date.parse(time)) / SECOND)).toLowerCase();
}

/** What a container writes must not command the terminal of who reads it here. */
function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}
