import assert from 'node:assert/strict';
import { test } from 'node:test';
import { familyOption, withoutFields } from './driver-options.ts';

const SIX = 'com.docker.network.enable_ipv6';

test('the option of a family is read as Go reads a bool', () => {
  assert.equal(familyOption({}, 6), undefined);
  assert.equal(familyOption({ [SIX]: 'T' }, 6), true);
  assert.equal(familyOption({ [SIX]: '0' }, 6), false);
  assert.equal(familyOption({ [SIX]: 'x' }, 4), undefined);
  for (const value of ['', 'yes']) {
    assert.throws(() => familyOption({ [SIX]: value }, 6), { message: `driver-opt "${SIX}" is not a valid bool` });
  }
});

test('an option stays unless its field is given', () => {
  assert.deepEqual(withoutFields({ [SIX]: '1', a: 'b' }, [4]), { [SIX]: '1', a: 'b' });
  assert.deepEqual(withoutFields({ [SIX]: '1', a: 'b' }, [4, 6]), { a: 'b' });
});
