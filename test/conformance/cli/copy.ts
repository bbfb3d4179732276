import type { CliCase } from './command.ts';

const TREE = `mkdir -p /d/e /ex/dir; echo one >/d/one; echo two >/d/e/two; ln -s one /d/l; ln -s /d /ld; ln -s nowhere /broken
  echo x >/ex/file; ln -s /ex/dir /ex/ldir; ln -s /ex/new /ex/lnew; echo >/done; sleep 1000`;
const create = (name: string) => [
  { line: `run -d --name ${name} --network none conformance sh -c '${TREE}'` },
  { line: `exec ${name} sh -c 'while ! [ -f /done ]; do sleep 0.1; done'` },
];
const into = (...destinations: string[]) => destinations.map((path) => ({ line: `cp env cli-cp:${path}` }));
const listing = (path: string) => ({
  line: `exec cli-cp sh -c 'find ${path} | sort; find ${path} -type f | sort | xargs cat'`,
});

/** Files between containers and here; what arrives is looked at from inside. The folder `out` is there. */
export const copyCases: CliCase[] = [
  {
    name: 'cp: arguments',
    steps: [
      { line: 'cp' },
      { line: 'cp a b' },
      { line: 'cp a:b c:d' },
      { line: `cp '' b` },
      { line: `cp a ''` },
      { line: 'cp nosuch:/x .' },
      { line: 'cp nosuch:/x -' },
      { line: 'cp env nosuch:/x' },
      { line: 'cp nosuch:/x /nodir/x/y' },
      { line: 'cp ./absent:x nosuch:/y' },
    ],
  },
  {
    name: 'cp: into a container',
    removes: ['cli-cp'],
    steps: [
      ...create('cli-cp'),
      ...into(
        '/ex/new1',
        '/ex/file',
        '/ex/dir',
        '/ex/dir/',
        '/ex/nodir/',
        '/ex/nodir/x',
        '/ex/ldir',
        '/ex/lnew',
        'rel',
      ),
      ...into('/broken', '/ex/file/x'),
      { line: 'cp tree cli-cp:/ex/first' },
      { line: 'cp tree cli-cp:/ex/first' },
      { line: 'cp tree/. cli-cp:/ex/second' },
      { line: 'cp tree/ cli-cp:/ex/third' },
      { line: 'cp tree cli-cp:/ex/file' },
      { line: 'cp tree/. cli-cp:/ex/dir' },
      { line: 'cp link cli-cp:/ex/as-link' },
      { line: 'cp -L link cli-cp:/ex/as-tree' },
      { line: 'cp link/ cli-cp:/ex/dir' },
      { line: 'cp absent cli-cp:/ex' },
      { line: 'cp - cli-cp:/ex/file', stdin: '' },
      { line: 'cp - cli-cp:/absent', stdin: '' },
      { line: 'cp - cli-cp:/ex', stdin: '' },
      listing('/ex'),
      listing('/rel'),
      listing('/nowhere'),
    ],
  },
  {
    name: 'cp: out of a container',
    removes: ['cli-cp'],
    steps: [
      ...create('cli-cp'),
      ...['/d/one', '/d', '/d/.', '/ld/', '/broken'].map((path) => ({ line: `cp cli-cp:${path} out` })),
      { line: 'cp cli-cp:/d/one out/renamed' },
      { line: 'cp -L cli-cp:/d/l out/followed' },
      { line: 'cp cli-cp:/d/one nodir/' },
      { line: 'cp cli-cp:/d/one nodir/x' },
      { line: 'cp cli-cp:/d env' },
      { line: 'cp cli-cp:/d out/renamed' },
      { line: 'cp cli-cp:/absent out' },
      { line: 'cp out cli-cp:/back' },
      listing('/back'),
    ],
  },
  {
    name: 'diff, export and commit',
    removes: ['cli-cp'],
    deletes: ['/images/cli-committed:one', '/images/cli-committed:latest'],
    steps: [
      ...create('cli-cp'),
      { line: 'diff cli-cp', hide: [[/^[\s\S]*$/, 'docker lists in no order']] },
      { line: 'diff nosuch' },
      { line: `diff ''` },
      { line: 'diff' },
      { line: 'export nosuch' },
      { line: 'export -o exported.tar cli-cp' },
      { line: 'export -o /nodir/x nosuch' },
      { line: 'export -o . nosuch' },
      {
        line: `commit -a 'A. U. Thor' -m why -c 'CMD ["echo", "made"]' cli-cp cli-committed:one`,
        hide: [[/.+/, 'an id']],
      },
      { line: `image inspect -f '{{.Author}} {{.Comment}} {{.Config.Cmd}}' cli-committed:one` },
      { line: 'run --rm --network none cli-committed:one' },
      { line: 'run --rm --network none cli-committed:one cat /d/e/two' },
      { line: 'commit -p=false cli-cp cli-committed', hide: [[/.+/, 'an id']] },
      { line: 'commit cli-cp UPPER' },
      { line: 'commit nosuch' },
      { line: 'commit' },
    ],
  },
];
