"""The VPNs to Azure and Google Cloud, both ends of each."""
