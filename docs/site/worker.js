/* A page that is read from the disk may not start a worker, which the search needs. There, a hidden frame of the page
   does the worker's work: the same two calls, postMessage and onmessage, with the frame's window as the worker. */
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(script) {
      super()
      const frame = document.createElement("iframe")
      frame.hidden = true
      document.body.append(frame)
      const inner = frame.contentWindow
      inner.postMessage = data => this.answer(data)
      inner.importScripts = (...files) => Promise.all(files.map(file => this.add(inner, file)))
      this.started = this.add(inner, script).then(() => inner)
    }
    add(inner, file) {
      return new Promise((done, failed) => {
        const tag = inner.document.createElement("script")
        tag.src = file
        tag.onload = done
        tag.onerror = failed
        inner.document.body.append(tag)
      })
    }
    answer(data) {
      const event = new MessageEvent("message", { data })
      this.dispatchEvent(event)
      if (this.onmessage) this.onmessage(event)
    }
    postMessage(data) {
      this.started.then(inner => inner.dispatchEvent(new inner.MessageEvent("message", { data })))
    }
    terminate() {}
  }
}
