import { connect, type Socket } from 'node:net'
import { once } from 'node:events'

/** A page that reads server-sent events over a socket of its own, and may stop reading. */
export class EventReader {
  readonly socket: Socket
  readonly events: { at: number; full: boolean }[] = []
  private text = ''

  constructor(port: number, path = '/live') {
    this.socket = connect(port, '127.0.0.1')
    this.socket.setEncoding('utf8')
    this.socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`)
    this.socket.on('data', (piece: string) => this.take(piece))
  }

  /** Resolves when so many events have come. */
  async until(count: number): Promise<void> {
    while (this.events.length < count) await once(this.socket, 'data')
  }

  close(): void {
    this.socket.destroy()
  }

  /** The pieces of a chunked body may be cut anywhere but for their own lines, which are no part of an event's. */
  private take(piece: string): void {
    this.text += piece
    for (let end = this.text.indexOf('\n\n'); end >= 0; end = this.text.indexOf('\n\n')) {
      const event = this.text.slice(0, end)
      this.text = this.text.slice(end + 2)
      const data = /^event: update\ndata: (.*)$/m.exec(event)?.[1]
      if (data !== undefined) this.events.push(JSON.parse(data))
    }
  }
}
