// Measures one set with one seed and writes what came out: node routing/measure.js DATA SET SEED OUT
import { writeFileSync } from 'node:fs'
import { featureMatrix } from '../../router/dist/measure.js'
import { measureSet } from './measure-set.js'
import { measurePair } from './pair.js'
import { readSet } from './sets.js'

const [, , folder, name, seed, out] = process.argv
const featured = featureMatrix(readSet(folder, name))
const measure = featured.matrix.models.length === 2 ? measurePair : measureSet
writeFileSync(out, JSON.stringify(measure(featured, Number(seed))))
