// The worker of pdf.js, started as a native module (not part of any bundle): phones whose browser is
// some years old lack Promise.withResolvers, which pdf.js 4 needs in its worker, too.
import "/web/static/src/polyfills/promise.js";

export * from "/signature_workflow/pdfjs/pdf.worker.js";
