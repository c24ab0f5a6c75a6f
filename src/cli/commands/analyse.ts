import { analysisNames, chooseAnalysis } from '../../analyses/all.ts'
import { planAnalysis } from '../../analyses/plan.ts'
import { dropStored } from '../../pipelines/stored-state.ts'
import { regroups } from '../../topics/regrouped.ts'
import type { Command } from '../command.ts'
import { connect, memberFolderOf } from '../connect.ts'
import { claimMember } from '../member-claim.ts'
import { pauseOnSignal } from '../pause-signal.ts'
import { regroupOption, settingsOption, topicOption } from '../option.ts'
import { readSettings } from '../sources.ts'
import { doAnalyse } from '../work.ts'

export const analyse: Command = {
  name: 'analyse',
  summary: 'Run an analysis: read its topic, and keep its results up to date on a topic of its own.',
  usage: ['windsock analyse <analysis> [--set NAME=VALUE …] [--until-end] [--topic T] [--regroup WAY] [--fresh]'],
  arguments: ['analysis'],
  options: [
    settingsOption,
    { name: 'until-end', type: 'flag', help: 'work up to what is the end now, then exit' },
    { ...topicOption, help: 'another input topic; its results are a group and a topic of their own' },
    regroupOption,
    { name: 'fresh', type: 'flag', help: 'forget state and results, and compute them again from the log' },
  ],
  examples: [
    'windsock analyse flights-per-day --until-end',
    'windsock analyse aroon --set period=25',
    'windsock analyse bollinger --set period=10 --set deviations=2.5',
    'windsock analyse flights-per-day --topic flights-by-airport --regroup partials',
    `the analyses: ${analysisNames.join(', ')}`,
  ],
  async run({ config, say, signal }) {
    const analysis = chooseAnalysis(config.positionals[0] ?? '', readSettings(config), config.text('topic'))
    const asked = config.text('regroup')
    const plan = planAnalysis(
      analysis,
      regroups.find((each) => each === asked),
    )
    if (plan.kind !== 'direct') say(plan.reason)
    // The in-process log ends with the process, and so do its groups.
    const isMemory = config.text('broker') === 'memory'
    const member = isMemory ? undefined : claimMember(memberFolderOf(config), analysis.group)
    const broker = await connect(config)
    try {
      if (config.flag('fresh')) {
        await dropStored(broker, analysis.group)
        await broker.admin.deleteTopics([analysis.output.name])
      }
      const untilEnd = config.flag('until-end')
      const onTrouble = (reason: string | undefined): void =>
        say(
          reason === undefined
            ? `${analysis.group}: the broker is back`
            : `${analysis.group}: waiting for the broker (${reason})`,
        )
      const onNotice = (notice: string): void => say(notice)
      const pacer = pauseOnSignal(say)
      const work = {
        analysis,
        plan,
        ...(member === undefined ? {} : { memberId: member.id }),
        untilEnd,
        pacer,
        onTrouble,
        onNotice,
      }
      const { records, refused } = await doAnalyse(broker, work, signal)
      say(`${analysis.group}: ${records} records read, ${refused} refused`)
    } finally {
      member?.release()
      await broker.close()
    }
  },
}
