import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import {
  chooseBusiest,
  chooseForm,
  chosenMax,
  parseChosen,
  rankAirlines,
  toggleAirline,
} from '../../../src/dashboard/browser/flights-choice.ts'

test('up to fourteen days stand as bars, more as lines', () => {
  equal(chooseForm(0), 'bars')
  equal(chooseForm(3), 'bars')
  equal(chooseForm(14), 'bars')
  equal(chooseForm(15), 'lines')
})

test('the three airlines with most flights are shown at first', () => {
  const flights = new Map([
    ['AA', 3],
    ['WN', 9],
    ['DL', 5],
    ['UA', 4],
  ])
  deepEqual(chooseBusiest(flights, []), ['WN', 'DL', 'UA'])
})

test('an airline that stays among the busiest keeps its place and colour', () => {
  const flights = new Map([
    ['AA', 30],
    ['WN', 9],
    ['DL', 50],
    ['UA', 4],
  ])
  deepEqual(chooseBusiest(flights, ['WN', 'DL', 'UA']), ['WN', 'DL', 'AA'])
})

test('airlines with equal flights are ranked by their code', () => {
  const flights = new Map([
    ['UA', 2],
    ['AA', 2],
    ['DL', 2],
  ])
  deepEqual(rankAirlines(flights), ['AA', 'DL', 'UA'])
})

test('the last airline cannot be taken away and a ninth is not taken', () => {
  deepEqual(toggleAirline(['WN'], 'WN'), ['WN'])
  deepEqual(toggleAirline(['WN', 'DL'], 'WN'), ['DL'])
  const eight = Array.from({ length: chosenMax }, (_, at) => `A${at}`)
  deepEqual(toggleAirline(eight, 'DL'), eight)
})

test('a stored choice that is nothing of ours is no choice', () => {
  deepEqual(parseChosen('["WN","DL"]'), ['WN', 'DL'])
  equal(parseChosen(null), undefined)
  equal(parseChosen('{'), undefined)
  equal(parseChosen('{"WN":1}'), undefined)
  equal(parseChosen('[1,2]'), undefined)
})
