import type { Place } from './tree.ts';
import { listings } from './tree.ts';

/** Makes a shell's script for a program of this name. */
export type ScriptOf = (program: string, places: readonly Place[]) => string;

/** Text in single quotes for a POSIX shell. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
const words = (all: readonly { word: string }[]) => all.map(({ word }) => word).join(' ');
const cases = (rows: readonly (readonly [string, string])[]) =>
  rows.map(([path, action]) => `    ${quoted(path)}) ${action} ;;\n`).join('');
const nameOf = (program: string) => `_${program.replaceAll(/\W/g, '_')}`;

function tables(places: readonly Place[]) {
  const withValue = places.map((place) => ({ ...place, flags: place.flags.filter((flag) => flag.takesValue) }));
  return {
    commands: places.filter(({ commands }) => commands.length > 0),
    flags: places.filter(({ flags }) => flags.length > 0),
    operands: places.filter(({ operands }) => operands !== undefined),
    valued: withValue.filter(({ flags }) => flags.length > 0),
  };
}

/** For bash(1), with or without the package bash-completion. */
export const bash: ScriptOf = (program, places) => {
  const name = nameOf(program);
  const { commands, flags, operands, valued } = tables(places);
  return `# Completion of ${program} for bash: source <(${program} completion bash)
${name}_commands() {
  case $1 in
${cases(commands.map(({ path, commands: all }) => [path, `echo ${quoted(words(all))}`]))}  esac
}
${name}_flags() {
  case $1 in
${cases(flags.map(({ path, flags: all }) => [path, `echo ${quoted(words(all))}`]))}  esac
}
${name}_takes_value() {
  case $1 in
${cases(valued.map(({ path, flags: all }) => [path, `[[ ${quoted(` ${words(all)} `)} == *" $2 "* ]]`]))}    *) false ;;
  esac
}
${name}_operands() {
  case $1 in
${cases(operands.map(({ path, operands: kind }) => [path, `${program} ${listings[kind!]} 2>/dev/null`]))}  esac
}
${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} path='' word i skip=0 found
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((skip)); then skip=0; continue; fi
    case $word in
      -*) ${name}_takes_value "$path" "$word" && skip=1 ;;
      *) [[ " $(${name}_commands "$path") " == *" $word "* ]] && path="\${path:+$path }$word" ;;
    esac
  done
  ((skip)) && { COMPREPLY=(); return; }
  case $current in
    -*) found=$(${name}_flags "$path") ;;
    *) found=$(${name}_commands "$path"); [[ $found ]] || found=$(${name}_operands "$path") ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$found" -- "$current")
}
complete -o default -F ${name} ${program}
`;
};

/** For zsh(1), with what is said of each word. */
export const zsh: ScriptOf = (program, places) => {
  const name = nameOf(program);
  const { commands, flags, operands, valued } = tables(places);
  const described = (all: readonly { word: string; about: string }[]) =>
    `reply=(${all.map(({ word, about }) => quoted(`${word}:${about.replaceAll(':', '\\:')}`)).join(' ')})`;
  return `#compdef ${program}
# Completion of ${program} for zsh: source <(${program} completion zsh)
${name}_commands() {
  reply=()
  case $1 in
${cases(commands.map(({ path, commands: all }) => [path, described(all)]))}  esac
}
${name}_flags() {
  reply=()
  case $1 in
${cases(flags.map(({ path, flags: all }) => [path, described(all)]))}  esac
}
${name}_takes_value() {
  case $1 in
${cases(valued.map(({ path, flags: all }) => [path, `[[ ${quoted(` ${words(all)} `)} == *" $2 "* ]]`]))}    *) false ;;
  esac
}
${name}_operands() {
  reply=()
  case $1 in
${cases(operands.map(({ path, operands: kind }) => [path, `reply=(\${(f)"$(${program} ${listings[kind!]} 2>/dev/null)"})`]))}  esac
}
${name}() {
  local -a reply
  local path_='' word i skip=0
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    if ((skip)); then skip=0; continue; fi
    case $word in
      -*) ${name}_takes_value "$path_" "$word" && skip=1 ;;
      *) ${name}_commands "$path_"; (( \${reply[(I)$word:*]} )) && path_="\${path_:+$path_ }$word" ;;
    esac
  done
  if ((skip)); then _files; return; fi
  if [[ $words[CURRENT] == -* ]]; then ${name}_flags "$path_"; _describe flag reply; return; fi
  ${name}_commands "$path_"
  if ((\${#reply})); then _describe command reply; return; fi
  ${name}_operands "$path_"
  if ((\${#reply})); then compadd -a reply; else _files; fi
}
if [[ $funcstack[1] == ${name} ]]; then ${name} "$@"; else compdef ${name} ${program}; fi
`;
};

/** For fish(1), with what is said of each word. */
export const fish: ScriptOf = (program, places) => {
  const name = `_${nameOf(program)}`;
  const { commands, valued } = tables(places);
  const text = (value: string) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = places.flatMap(({ path, commands: below, flags, operands }) => {
    const here = `complete -c ${program} -n ${text(`test "$(${name}_path)" = "${path}"`)}`;
    return [
      ...below.map(({ word, about }) => `${here} -f -a ${word} -d ${text(about)}`),
      ...flags.map(({ word, about, takesValue }) => {
        const letter = word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`;
        return `${here} ${letter}${takesValue ? ' -r' : ''} -d ${text(about)}`;
      }),
      ...(operands ? [`${here} -f -a ${text(`(${program} ${listings[operands]} 2>/dev/null)`)}`] : []),
    ];
  });
  const known = commands.map(
    ({ path, commands: all }) => `            case ${text(path)}\n                set known ${words(all)}\n`,
  );
  const takers = valued.map(
    ({ path, flags: all }) => `            case ${text(path)}\n                set valued ${words(all)}\n`,
  );
  return `# Completion of ${program} for fish: ${program} completion fish | source
function ${name}_path
    set -l path ''
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        set -l known
        set -l valued
        switch $path
${known.join('')}        end
        switch $path
${takers.join('')}        end
        if contains -- $word $valued
            set skip 1
            continue
        end
        if contains -- $word $known
            set path (string trim "$path $word")
        end
    end
    echo $path
end
${lines.join('\n')}
`;
};
