//! The config as a whole: texts in, targets or exact problems out.
