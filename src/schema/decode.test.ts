import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CreateRequest,
  ExecConfig,
  ExecStartRequest,
  NetworkConnectRequest,
  NetworkCreateRequest,
  UpdateConfig,
  VolumeCreateRequest,
} from '#api';
import { decode, zero } from './index.ts';
import type { Schema } from './schema.ts';

/** Bodies of `POST /containers/create` and what Docker 28.5 says of them, after `invalid JSON: `. */
const CREATE: readonly [string, string][] = [
  ['{"Image":1}', 'json: cannot unmarshal number into Go struct field .Image of type string'],
  ['{"Image":', 'unexpected EOF'],
  ['{', 'unexpected EOF'],
  ['{"a"}', "invalid character '}' after object key"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
  ['[1,2]', 'json: cannot unmarshal array into Go value of type container.CreateRequest'],
  ['"x"', 'json: cannot unmarshal string into Go value of type container.CreateRequest'],
  ['x', "invalid character 'x' looking for beginning of value"],
  ['nul', 'unexpected EOF'],
  ['nulx', "invalid character 'x' in literal null (expecting 'l')"],
  ['truf', "invalid character 'f' in literal true (expecting 'e')"],
  ['{} {}', 'unexpected content after JSON'],
  ['{}x', 'unexpected content after JSON'],
  ['{"HostConfig":1}', 'json: cannot unmarshal number into Go struct field .HostConfig of type container.HostConfig'],
  [
    '{"HostConfig":{"Memory":"1"}}',
    'json: cannot unmarshal string into Go struct field .HostConfig.Memory of type int64',
  ],
  [
    '{"HostConfig":{"Memory":1.5}}',
    'json: cannot unmarshal number 1.5 into Go struct field .HostConfig.Memory of type int64',
  ],
  [
    '{"HostConfig":{"Memory":1.0}}',
    'json: cannot unmarshal number 1.0 into Go struct field .HostConfig.Memory of type int64',
  ],
  [
    '{"HostConfig":{"Memory":1e3}}',
    'json: cannot unmarshal number 1e3 into Go struct field .HostConfig.Memory of type int64',
  ],
  [
    '{"HostConfig":{"Memory":99999999999999999999}}',
    'json: cannot unmarshal number 99999999999999999999 into Go struct field .HostConfig.Memory of type int64',
  ],
  [
    '{"HostConfig":{"BlkioWeight":99999}}',
    'json: cannot unmarshal number 99999 into Go struct field .HostConfig.BlkioWeight of type uint16',
  ],
  [
    '{"HostConfig":{"BlkioWeight":-1}}',
    'json: cannot unmarshal number -1 into Go struct field .HostConfig.BlkioWeight of type uint16',
  ],
  [
    '{"HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":80}]}}}',
    'json: cannot unmarshal number into Go struct field .HostConfig.PortBindings.80~1tcp.0.HostPort of type string',
  ],
  [
    '{"HostConfig":{"PortBindings":{"80/tcp":{"HostPort":80}}}}',
    'json: cannot unmarshal object into Go struct field .HostConfig.PortBindings.80~1tcp of type []nat.PortBinding',
  ],
  [
    '{"HostConfig":{"PortBindings":[]}}',
    'json: cannot unmarshal array into Go struct field .HostConfig.PortBindings of type nat.PortMap',
  ],
  [
    '{"HostConfig":{"Binds":"x"}}',
    'json: cannot unmarshal string into Go struct field .HostConfig.Binds of type []string',
  ],
  ['{"HostConfig":{"Binds":[1]}}', 'json: cannot unmarshal number into .HostConfig.Binds.0 of type string'],
  ['{"HostConfig":{"Init":"x"}}', 'json: cannot unmarshal string into Go struct field .HostConfig.Init of type bool'],
  [
    '{"HostConfig":{"LogConfig":[]}}',
    'json: cannot unmarshal array into Go struct field .HostConfig.LogConfig of type container.LogConfig',
  ],
  [
    '{"HostConfig":{"LogConfig":{"Config":{"a":1}}}}',
    'json: cannot unmarshal number into Go struct field .HostConfig.LogConfig.Config.a of type string',
  ],
  [
    '{"HostConfig":{"RestartPolicy":"x"}}',
    'json: cannot unmarshal string into Go struct field .HostConfig.RestartPolicy of type container.RestartPolicy',
  ],
  [
    '{"HostConfig":{"RestartPolicy":{"Name":1}}}',
    'json: cannot unmarshal number into Go struct field .HostConfig.RestartPolicy.Name of type container.RestartPolicyMode',
  ],
  ['{"HostConfig":{"ConsoleSize":["x"]}}', 'json: cannot unmarshal string into .HostConfig.ConsoleSize.0 of type uint'],
  [
    '{"HostConfig":{"ConsoleSize":"x"}}',
    'json: cannot unmarshal string into Go struct field .HostConfig.ConsoleSize of type [2]uint',
  ],
  [
    '{"HostConfig":{"NetworkMode":1}}',
    'json: cannot unmarshal number into Go struct field .HostConfig.NetworkMode of type container.NetworkMode',
  ],
  ['{"HostConfig":{"CapAdd":1}}', 'json: cannot unmarshal number into Go value of type string'],
  ['{"HostConfig":{"CapAdd":[1]}}', 'json: cannot unmarshal array into Go value of type string'],
  ['{"HostConfig":{"Ulimits":[1]}}', 'json: cannot unmarshal number into .HostConfig.Ulimits.0 of type units.Ulimit'],
  [
    '{"HostConfig":{"Ulimits":[{"Name":1}]}}',
    'json: cannot unmarshal number into Go struct field .HostConfig.Ulimits.0.Name of type string',
  ],
  [
    '{"HostConfig":{"Mounts":[{"Type":1}]}}',
    'json: cannot unmarshal number into Go struct field .HostConfig.Mounts.0.Type of type mount.Type',
  ],
  [
    '{"HostConfig":{"Mounts":[{"TmpfsOptions":{"Mode":"x"}}]}}',
    'json: cannot unmarshal string into Go struct field .HostConfig.Mounts.0.TmpfsOptions.Mode of type fs.FileMode',
  ],
  [
    '{"HostConfig":{"BlkioWeightDevice":[{"Weight":"x"}]}}',
    'json: cannot unmarshal string into Go struct field .HostConfig.BlkioWeightDevice.0.Weight of type uint16',
  ],
  [
    '{"HostConfig":{"BlkioDeviceReadBps":[{"Rate":"x"}]}}',
    'json: cannot unmarshal string into Go struct field .HostConfig.BlkioDeviceReadBps.0.Rate of type uint64',
  ],
  [
    '{"HostConfig":{"Devices":[1]}}',
    'json: cannot unmarshal number into .HostConfig.Devices.0 of type container.DeviceMapping',
  ],
  [
    '{"HostConfig":{"DeviceRequests":[{"Capabilities":[1]}]}}',
    'json: cannot unmarshal number into .HostConfig.DeviceRequests.0.Capabilities.0 of type []string',
  ],
  ['{"Env":{}}', 'json: cannot unmarshal object into Go struct field .Env of type []string'],
  ['{"Env":[1,2]}', 'json: cannot unmarshal number into .Env.0 of type string'],
  ['{"Cmd":1}', 'json: cannot unmarshal number into Go value of type string'],
  ['{"Cmd":[1]}', 'json: cannot unmarshal array into Go value of type string'],
  ['{"Entrypoint":{}}', 'json: cannot unmarshal object into Go value of type string'],
  ['{"Shell":1}', 'json: cannot unmarshal number into Go value of type string'],
  ['{"ExposedPorts":[]}', 'json: cannot unmarshal array into Go struct field .ExposedPorts of type nat.PortSet'],
  ['{"ExposedPorts":{"80":1}}', 'json: cannot unmarshal number into .ExposedPorts.80 of type struct {}'],
  ['{"Volumes":{"/x":1}}', 'json: cannot unmarshal number into Go struct field .Volumes.~1x of type struct {}'],
  [
    '{"Healthcheck":{"Interval":"1s"}}',
    'json: cannot unmarshal string into Go struct field .Healthcheck.Interval of type time.Duration',
  ],
  [
    '{"Healthcheck":{"Retries":"1"}}',
    'json: cannot unmarshal string into Go struct field .Healthcheck.Retries of type int',
  ],
  ['{"Healthcheck":[]}', 'json: cannot unmarshal array into Go struct field .Healthcheck of type v1.HealthcheckConfig'],
  ['{"Labels":{"a":1}}', 'json: cannot unmarshal number into Go struct field .Labels.a of type string'],
  ['{"Labels":[]}', 'json: cannot unmarshal array into Go struct field .Labels of type map[string]string'],
  ['{"Tty":"x"}', 'json: cannot unmarshal string into Go struct field .Tty of type bool'],
  ['{"Tty":1}', 'json: cannot unmarshal number into Go struct field .Tty of type bool'],
  ['{"StopTimeout":"1"}', 'json: cannot unmarshal string into Go struct field .StopTimeout of type int'],
  ['{"StopTimeout":1.5}', 'json: cannot unmarshal number 1.5 into Go struct field .StopTimeout of type int'],
  [
    '{"NetworkingConfig":1}',
    'json: cannot unmarshal number into Go struct field .NetworkingConfig of type network.NetworkingConfig',
  ],
  [
    '{"NetworkingConfig":{"EndpointsConfig":[]}}',
    'json: cannot unmarshal array into Go struct field .NetworkingConfig.EndpointsConfig of type map[string]*network.EndpointSettings',
  ],
  [
    '{"NetworkingConfig":{"EndpointsConfig":{"a":1}}}',
    'json: cannot unmarshal number into Go struct field .NetworkingConfig.EndpointsConfig.a of type network.EndpointSettings',
  ],
  [
    '{"NetworkingConfig":{"EndpointsConfig":{"a":{"IPPrefixLen":"1"}}}}',
    'json: cannot unmarshal string into Go struct field .NetworkingConfig.EndpointsConfig.a.IPPrefixLen of type int',
  ],
  [
    '{"NetworkingConfig":{"EndpointsConfig":{"a":{"IPAMConfig":{"IPv4Address":1}}}}}',
    'json: cannot unmarshal number into Go struct field .NetworkingConfig.EndpointsConfig.a.IPAMConfig.IPv4Address of type string',
  ],
  ['{"image":1}', 'json: cannot unmarshal number into Go struct field .image of type string'],
  ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
  ['{"a":"\\x"}', 'invalid escape sequence `\\x` in string'],
  ['{"a":"\\u12"}', 'invalid escape sequence `\\u12"}` in string'],
  ['{"a":-}', "invalid character '}' in numeric literal"],
  ['{"a":01}', "invalid character '1' after object key:value pair"],
  ['{"a":1.}', "invalid character '}' in numeric literal"],
  ['{"a":1e}', "invalid character '}' in numeric literal"],
  ['{"a":"b', 'unexpected EOF'],
  ['{1:2}', "invalid character '1' looking for beginning of object key string"],
  ['{"a":"\x01"}', "invalid character '\\x01' in string"],
  ['\ufeff{}', "invalid character '\\ufeff' looking for beginning of value"],
  ['{"a":é}', "invalid character 'é' looking for beginning of value"],
  ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
  ['{"User":1,"Tty":"x"}', 'json: cannot unmarshal number into Go struct field .User of type string'],
];

const OTHERS: readonly [Schema, string, string][] = [
  [ExecConfig, '{"Cmd":1}', 'json: cannot unmarshal number into Go struct field ExecOptions.Cmd of type []string'],
  [ExecConfig, '{"Tty":1}', 'json: cannot unmarshal number into Go struct field ExecOptions.Tty of type bool'],
  [
    ExecConfig,
    '{"ConsoleSize":1}',
    'json: cannot unmarshal number into Go struct field ExecOptions.ConsoleSize of type [2]uint',
  ],
  [ExecConfig, '[]', 'json: cannot unmarshal array into Go value of type container.ExecOptions'],
  [
    ExecStartRequest,
    '{"Detach":1}',
    'json: cannot unmarshal number into Go struct field ExecStartOptions.Detach of type bool',
  ],
  [
    VolumeCreateRequest,
    '{"Name":1}',
    'json: cannot unmarshal number into Go struct field CreateOptions.Name of type string',
  ],
  [
    VolumeCreateRequest,
    '{"Labels":[]}',
    'json: cannot unmarshal array into Go struct field CreateOptions.Labels of type map[string]string',
  ],
  [
    NetworkCreateRequest,
    '{"IPAM":{"Config":[1]}}',
    'json: cannot unmarshal number into CreateRequest.IPAM.Config.0 of type network.IPAMConfig',
  ],
  [
    NetworkCreateRequest,
    '{"Name":1}',
    'json: cannot unmarshal number into Go struct field CreateRequest.Name of type string',
  ],
  [
    UpdateConfig,
    '{"Memory":"x"}',
    'json: cannot unmarshal string into Go struct field UpdateConfig.Memory of type int64',
  ],
  [
    NetworkConnectRequest,
    '{"Container":1}',
    'json: cannot unmarshal number into Go struct field ConnectOptions.Container of type string',
  ],
];

for (const [body, message] of CREATE) {
  test(`decoding ${JSON.stringify(body)} says what Go says`, () => {
    assert.throws(() => decode(CreateRequest, body), { message, kind: 'invalid-argument' });
  });
}

for (const [schema, body, message] of OTHERS) {
  test(`decoding ${JSON.stringify(body)} into ${schema.go} says what Go says`, () => {
    assert.throws(() => decode(schema, body), { message, kind: 'invalid-argument' });
  });
}

test('keys match in any case, the last of several counts, null means absent, unknown keys are ignored', () => {
  const request = decode(
    CreateRequest,
    '{"image":"a","IMAGE":"b","Image":null,"nope":{"x":[1]},"Tty":null,"cmd":"sh"}',
  );
  assert.equal(request.Image, 'b');
  assert.equal(request.Tty, false);
  assert.deepEqual(request.Cmd, ['sh']);
});

test('what is missing has its zero value; what Go omits when empty is absent', () => {
  const request = decode(CreateRequest, '{"Env":[],"ExposedPorts":{},"StopTimeout":0,"Healthcheck":{},"Shell":[]}');
  assert.deepEqual(request.Env, []);
  assert.equal(request.Cmd, null);
  assert.equal(request.Hostname, '');
  assert.equal(request.HostConfig, null);
  assert.equal('ExposedPorts' in request, false);
  assert.equal('Shell' in request, false);
  // A pointer is omitted only when it is nil.
  assert.equal(request.StopTimeout, 0);
  assert.deepEqual(request.Healthcheck, {});
});

test('a decoded host config prints in the order and with the zero values of Docker', () => {
  const { HostConfig } = decode(CreateRequest, '{"HostConfig":{"Binds":["/a:/b"],"ConsoleSize":[24]}}');
  const printed = JSON.stringify(HostConfig);
  assert.ok(
    printed.startsWith(
      '{"Binds":["/a:/b"],"ContainerIDFile":"","LogConfig":{"Type":"","Config":null},"NetworkMode":""',
    ),
  );
  assert.deepEqual(HostConfig!.ConsoleSize, [24, 0]);
  assert.equal(HostConfig!.MemorySwappiness, null);
});

test('whole numbers of 64 bits are taken, at the cost of their last digits; larger ones are not', () => {
  const memory = (text: string) => decode(CreateRequest, `{"HostConfig":{"Memory":${text}}}`).HostConfig!.Memory;
  assert.equal(memory('9223372036854775807'), 2 ** 63);
  assert.equal(memory('-9223372036854775808'), -(2 ** 63));
  assert.throws(() => memory('9223372036854775808'), /number 9223372036854775808 into/);
});

test('a key named __proto__ is a key like any other', () => {
  const { Labels } = decode(CreateRequest, '{"Labels":{"__proto__":"x"}}');
  assert.deepEqual(Object.entries(Labels!), [['__proto__', 'x']]);
  assert.equal(Object.getPrototypeOf(Labels), Object.prototype);
});

test('deep nesting is refused, not overrun', () => {
  const deep = '['.repeat(200_000);
  assert.throws(() => decode(CreateRequest, deep), { message: 'exceeded max depth' });
  const nested = `{"ClusterVolumeSpec":${'['.repeat(100_000)}1${']'.repeat(100_000)}}`;
  assert.throws(() => decode(VolumeCreateRequest, nested), { message: 'exceeded max depth' });
});

test('zero values are fresh each time', () => {
  const first = zero(ExecConfig);
  first.User = 'x';
  assert.equal(zero(ExecConfig).User, '');
});
