import { expect, it } from 'vitest'
import { readProfile } from './read-profile.ts'

const file = `# keys
[default]
aws_access_key_id = AKID0
aws_secret_access_key=s/0+=

[profile work] ; of the configuration file
region = eu-west-1
aws_access_key_id = AKID1
aws_secret_access_key = s1
aws_session_token = t1==
[sso]
sso_start_url = https://x.example
`

it.each([
  ['default', { accessKeyId: 'AKID0', secretAccessKey: 's/0+=', sessionToken: null }],
  ['work', { accessKeyId: 'AKID1', secretAccessKey: 's1', sessionToken: 't1==' }],
])('finds the keys of %s, whatever ends the lines', (name, expected) => {
  expect(JSON.parse(readProfile(file, name))).toEqual(expected)
  expect(JSON.parse(readProfile(file.replaceAll('\n', '\r\n'), name))).toEqual(expected)
})

it('says what is missing', () => {
  expect(() => readProfile(file, 'nobody')).toThrow('it has no profile nobody')
  expect(() => readProfile(file, 'sso')).toThrow('its profile sso has no access keys')
  expect(() => readProfile('', 'default')).toThrow('it has no profile default')
})
