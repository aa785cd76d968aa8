"""Static files of production: named by their content, compressed, cached for ever."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ManifestStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Without `sourceMappingURL`: the packages name maps that are not served, which would be an error."""

    patterns = tuple(
        (
            files,
            tuple(
                pattern
                for pattern in patterns
                if "sourceMappingURL" not in (pattern if isinstance(pattern, str) else pattern[0])
            ),
        )
        for files, patterns in CompressedManifestStaticFilesStorage.patterns
    )
