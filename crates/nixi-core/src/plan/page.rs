//! Where the steps of one call are written down.

use super::StepReport;
use crate::call_id::CallId;
use crate::error::{ErrorKind, ErrorReport};
use crate::journal::{Entry, Journal, RequestId};

/// The part of the journal that is about one call of a request.
#[derive(Clone, Copy)]
pub(crate) struct Page<'a> {
    pub(crate) journal: &'a dyn Journal,
    pub(crate) request: RequestId,
    /// The call, as this session calls it.
    pub(crate) call: CallId,
    /// The same, as the journal does.
    pub(crate) on_record: CallId,
}

impl Page<'_> {
    /// A step, counted from 0, is about to run; `record` is the number under which its node keeps a record of it.
    pub(crate) async fn begun(&self, step: usize, record: Option<String>) -> Result<(), ErrorReport> {
        let (request, call) = (self.request, self.on_record);
        let entry = Entry::StepBegun { request, call, step, record };
        self.journal.write(entry).await.map(drop).map_err(|why| unwritten(&why))
    }

    /// That step is over.
    pub(crate) async fn ended(&self, step: usize, report: &StepReport) -> Result<(), ErrorReport> {
        let (request, call, status) = (self.request, self.on_record, report.status);
        let error = report.error.as_ref().map(|error| error.message.clone());
        let entry = Entry::StepEnded { request, call, step, status, error };
        self.journal.write(entry).await.map(drop).map_err(|why| unwritten(&why))
    }
}

/// Why a change is not run.
pub(crate) fn unwritten(why: &str) -> ErrorReport {
    let what = format!("the journal cannot be written, and without it no change is run: {why}");
    ErrorReport::new(ErrorKind::Journal, what).hint("reads still work; mend that, then ask again")
}
